# shellcheck shell=bash
# The sandbox, seen from inside: the assignment's list, item by item.
# (Parity is measured as root as well: what that compares is not repeated here.)

setup() {
	dir=$(kept readable)
	# The old layout is its own inner directory.
	inner=$dir
}

# The ids that are mapped: the caller's, or for root those of the directory's owner.
outer_uid() { if [[ $WHO == root ]]; then stat -c %u "$inner"; else id -u "$TEST_USER"; fi; }
outer_gid() { if [[ $WHO == root ]]; then stat -c %g "$inner"; else id -g "$TEST_USER"; fi; }

test_command_runs_in_the_builds_environment() {
	setup
	prints /homeless-shelter bash -c 'echo $HOME'
	prints /build pwd
	prints 'hello, world' bash -c 'echo $greeting'
	prints "$BASH_PATH/bin/bash" bash -c 'echo $SHELL'
	expect_empty_err
}

test_environment_is_that_of_env_vars_and_nothing_else() {
	setup
	tool_env=(LEAK=1 BASH_ENV=/leak LD_LIBRARY_PATH=/leak JAVA_TOOL_LEAK=1 _=/leak)
	run nbs "$dir" bash -c 'export -p'
	expect_status 0
	# What a shell sets by itself at its start is its own.
	diff <(grep -vE '^declare -x (PWD|OLDPWD|SHLVL|_)\b' "$inner/env-vars") \
		<(grep -vE '^declare -x (PWD|OLDPWD|SHLVL|_)\b' "$T/out") || fail "another environment"
}

test_one_id_is_mapped() {
	setup
	prints 1000 id -u
	prints 100 id -g
	run nbs "$dir" bash -c 'read -r a </proc/self/uid_map; read -r b </proc/self/gid_map; echo $a, $b'
	expect_out "1000 $(outer_uid) 1, 100 $(outer_gid) 1"
	prints 1 bash -c 'grep -c . /proc/self/uid_map'
	prints deny cat /proc/self/setgroups
	[[ $(outer_uid) -ne 0 ]] || fail "the test would not see root"
}

test_root_has_no_groups_left() {
	setup
	run nbs "$dir" sh -c 'grep ^Groups: /proc/self/status'
	if [[ $WHO == root ]]; then [[ $(tr -d '[:space:]' <"$T/out") == Groups: ]] || fail "groups"; fi
}

test_no_privilege() {
	setup
	run nbs "$dir" grep -E '^(NoNewPrivs|CapInh|CapPrm|CapEff|CapAmb):' /proc/self/status
	printf '%s:\t0000000000000000\n' CapInh CapPrm CapEff CapAmb >"$T/expected"
	printf 'NoNewPrivs:\t1\n' >>"$T/expected"
	diff "$T/expected" "$T/out" || fail "privileges"
	prints 0022 bash -c umask
}

test_no_descriptor_is_inherited() {
	setup
	exec 7</etc/passwd
	prints $'0\n1\n2' bash -c 'for fd in /proc/$$/fd/*; do [ ! -e "$fd" ] || echo "${fd##*/}"; done'
}

test_names_of_the_host() {
	setup
	prints localhost hostname
	prints localhost cat /proc/sys/kernel/hostname
	prints '(none)' cat /proc/sys/kernel/domainname
}

test_namespaces_are_its_own() {
	setup
	local namespace
	run nbs "$dir" sh -c 'for n in user mnt pid ipc uts net; do readlink /proc/self/ns/$n; done'
	expect_status 0
	for namespace in user mnt pid ipc uts net; do
		grep -q "^$namespace:" "$T/out" || fail "no $namespace namespace is shown"
		if grep -qF "$(readlink "/proc/self/ns/$namespace")" "$T/out"; then fail "the host's $namespace namespace"; fi
	done
}

test_network_is_loopback_alone() {
	setup
	prints lo sh -c 'sed -n "s/^ *\([a-z0-9]*\):.*/\1/p" /proc/net/dev'
	run nbs "$dir" ip addr show lo
	grep -q '[<,]UP[,>]' "$T/out" || fail "lo is not up"
	grep -q 'inet 127.0.0.1/8 ' "$T/out" || fail "no 127.0.0.1/8"
	grep -q 'inet6 ::1/128 ' "$T/out" || fail "no ::1/128"
	[[ $(grep -c ' inet' "$T/out") -eq 2 ]] || fail "more addresses"
	prints '' ip route
	run nbs "$dir" sh -c 'echo hello | nc -w 5 -l -p 4000 >/dev/null & sleep 0.5; nc -w 5 127.0.0.1 4000 </dev/null'
	expect_out hello
	run nbs "$dir" nc -w 2 192.0.2.1 80
	expect_status 1
	expect_err unreachable
}

test_top_level() {
	setup
	prints $'bin\nbuild\ndev\netc\nnix\nproc\ntmp' ls -A /
	prints $'750\n1777\n1777\n1775\n555' stat -c %a / /tmp /dev/shm /nix/store /proc
	prints store ls -A /nix
	run nbs "$dir" touch /file
	expect_status 1
	run nbs "$dir" mkdir /directory
	expect_status 1
	prints '' ls -A /tmp
	prints yes sh -c 'touch /tmp/file /dev/shm/file && echo yes'
}

test_build_directory_is_a_copy() {
	setup
	prints '1000:100' stat -c %u:%g /build
	prints $'1000:100\n1000:100' stat -c %u:%g env-vars readable-1.0/main.c
	local before
	before=$(snapshot "$inner")
	prints changed sh -c 'rm -r readable-1.0 && echo changed >file && mkdir new && cat file'
	[[ $(snapshot "$inner") == "$before" ]] || fail "the kept directory has changed"
	prints $'env-vars\nreadable-1.0' ls -A
}

test_devices() {
	setup
	local name kvm=
	[[ ! -e /dev/kvm ]] || kvm=kvm
	run nbs "$dir" ls -A /dev
	diff <(printf '%s\n' fd full $kvm null ptmx pts random shm stderr stdin stdout tty urandom zero) "$T/out" ||
		fail "other entries in /dev"
	prints '/proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2' \
		sh -c 'cd /dev; echo $(for i in fd stdin stdout stderr; do readlink $i; done)'
	run nbs "$dir" sh -c 'cd /dev; for i in *; do [ -h $i -o ! -c $i ] || stat -c "%n %t,%T" $i; done'
	for name in full $kvm null ptmx random tty urandom zero; do
		stat -c "$name %t,%T" "/dev/$name"
	done | diff - "$T/out" || fail "other character devices"
	prints '' sh -c 'echo x >/dev/null; cat /dev/null'
	prints 4 sh -c 'head -c 4 /dev/urandom | wc -c'
	run nbs "$dir" sh -c 'echo x >/dev/full'
	expect_err 'No space left'
}

test_file_systems() {
	setup
	run nbs "$dir" cat /proc/self/mountinfo
	# Fields: 5 is the mount point, then tags such as shared:N up to a hyphen, the type, the source.
	if grep -qE ' (shared|master|propagate_from):[0-9]' "$T/out"; then fail "a mount that is not private"; fi
	grep -qE '^[0-9]+ [0-9]+ [0-9:]+ / /proc [^-]* - proc ' "$T/out" || fail "/proc is no procfs of its own"
	grep -qE '^[0-9]+ [0-9]+ [0-9:]+ / /dev/shm [^-]* - tmpfs ' "$T/out" || fail "/dev/shm is no tmpfs of its own"
	if awk '{ print $5 }' "$T/out" | grep -vE '^/($|build$|dev|etc|nix|proc$|tmp$|bin)'; then fail "a mount of the host"; fi
	if grep -F "$SCRATCH" "$T/out" | awk '{ print $5 }' | grep -F "$SCRATCH"; then fail "the old root is there"; fi
	prints "$(sha256sum <"$BASH_PATH/bin/bash" | cut -d' ' -f1)" sh -c 'sha256sum /bin/sh | cut -d" " -f1'
	prints sh ls -A /bin
}

test_files_in_etc() {
	setup
	prints $'group\nhosts\npasswd' ls -A /etc
	run nbs "$dir" cat /etc/passwd
	diff - "$T/out" <<-END || fail "/etc/passwd"
		root:x:0:0:Nix build user:/build:/noshell
		nixbld:x:1000:100:Nix build user:/build:/noshell
		nobody:x:65534:65534:Nobody:/:/noshell
	END
	run nbs "$dir" cat /etc/group
	diff - "$T/out" <<-END || fail "/etc/group"
		root:x:0:
		nixbld:!:100:
		nogroup:x:65534:
	END
	run nbs "$dir" cat /etc/hosts
	diff - "$T/out" <<-END || fail "/etc/hosts"
		127.0.0.1 localhost
		::1 localhost
	END
}

test_processes() {
	setup
	prints '1 0' bash -c 'echo $$ $PPID'
	prints / bash -c 'cd /proc/$$/root && pwd -P >/dev/null && echo /'
	prints /proc/1 bash -c 'echo /proc/[0-9]*'
}

test_ipc_is_its_own() {
	setup
	local id
	command -v ipcmk >/dev/null || skip "ipcmk (util-linux) makes the segment to look for"
	id=$(ipcmk -M 4096 -p 0666 | grep -o '[0-9]*$')
	run nbs "$dir" sh -c 'tail -n +2 /proc/sysvipc/shm | wc -l'
	ipcrm -m "$id"
	expect_out 0
}

test_store_is_writable_and_the_real_one_is_not_touched() {
	setup
	prints made sh -c 'mkdir $out && echo made >$out/file && cat $out/file && rm -r $out'
	run nbs "$dir" sh -c 'echo $out; mkdir $out'
	expect_status 0
	[[ ! -e $(<"$T/out") ]] || fail "made in the real store"
	run nbs "$dir" sh -c "rm $BASH_PATH/bin/sh"
	expect_status 1
}

test_partial_outputs_are_there() {
	dir=$(kept partial)
	local out before
	run nbs "$dir" sh -c 'echo $out; echo $dev'
	out=$(head -n 1 "$T/out")
	before=$(snapshot "$out")
	prints $'half\nheader' sh -c 'cat $out/bin/half $dev/header.h'
	prints more sh -c 'echo more >$out/bin/half && cat $out/bin/half && echo new >$out/new'
	prints $'bin\nagain' sh -c 'ls $out; rm -r $out && mkdir $out && echo again >$out/file && cat $out/file; rm -r $dev'
	[[ $(snapshot "$out") == "$before" ]] || fail "the real output has changed"
}
