# shellcheck shell=bash
# What the assignment's own tests assert (tests/ of ls1-sys-prog-course-archive-SoSe22/task8-container). Those run on a
# terminal, with stdout in a pipe.

# shellcheck disable=SC2016
facts='
	for kind in mnt user net uts pid ipc; do readlink /proc/self/ns/$kind; done
	echo "== home $HOME"
	echo "== dev"
	for each in /dev /dev/*; do echo "${each##*/}|$(stat -c %F "$each")|$(readlink "$each")"; done
	for file in group hosts passwd; do
		echo "== $file"
		cat /etc/$file
	done
	echo "== places"
	stat -c "%n %F %a" /tmp
	for mounted in /dev/shm /proc; do
		stat -c "%n %F %a" $mounted
		[ "$(stat -c %d $mounted)" != "$(stat -c %d $mounted/..)" ] || echo "no mount point"
		stat -f -c %T $mounted
	done
	echo "== sh"
	/bin/sh -c "echo works"
	echo "== interfaces"
	ip addr | sed -nE "s/^[0-9]+: ([^:]+):.*/\1/p; s|^ +(link/[^ ]+) .*|\1|p; s|^ +inet6? ([^/]+)/.*|\1|p"
	echo "== process"
	[[ -d /proc/$$ ]] && echo "in proc"
	echo "== ids"
	id -u
	id -g
	grep -c . /proc/self/uid_map /proc/self/gid_map
	read -r inside outside count </proc/self/uid_map
	echo "$inside $outside $count"
	read -r inside outside count </proc/self/gid_map
	echo "$inside $outside $count"
	echo "== names"
	hostname
	cat /proc/sys/kernel/domainname
'

expected_facts() {
	local kvm=
	if [[ -e /dev/kvm ]]; then kvm=$'kvm|character special file|\n'; fi
	cat <<-END
		== home /homeless-shelter
		== dev
		dev|directory|
		fd|symbolic link|/proc/self/fd
		full|character special file|
		${kvm}null|character special file|
		ptmx|character special file|
		pts|directory|
		random|character special file|
		shm|directory|
		stderr|symbolic link|/proc/self/fd/2
		stdin|symbolic link|/proc/self/fd/0
		stdout|symbolic link|/proc/self/fd/1
		tty|character special file|
		urandom|character special file|
		zero|character special file|
		== group
		root:x:0:
		nixbld:!:100:
		nogroup:x:65534:
		== hosts
		127.0.0.1 localhost
		::1 localhost
		== passwd
		root:x:0:0:Nix build user:/build:/noshell
		nixbld:x:1000:100:Nix build user:/build:/noshell
		nobody:x:65534:65534:Nobody:/:/noshell
		== places
		/tmp directory 1777
		/dev/shm directory 1777
		tmpfs
		/proc directory 555
		proc
		== sh
		works
		== interfaces
		lo
		link/loopback
		127.0.0.1
		::1
		== process
		in proc
		== ids
		1000
		100
		/proc/self/uid_map:1
		/proc/self/gid_map:1
		1000 $(id -u "$TEST_USER") 1
		100 $(id -g "$TEST_USER") 1
		== names
		localhost
		(none)
	END
}

# asserts: of the facts in $T/out.
asserts() {
	local kind
	for kind in mnt user net uts pid ipc; do
		grep -q "^$kind:" "$T/out" || fail "no $kind namespace is shown"
		if grep -qxF "$(readlink "/proc/self/ns/$kind")" "$T/out"; then fail "the host's $kind namespace"; fi
	done
	sed '/^[a-z]*:\[[0-9]*]$/d' "$T/out" | diff <(expected_facts) - || fail "not what the assignment asserts"
}

test_the_assignments_assertions() {
	dir=$(kept readable)
	run nbs "$dir" bash -c "$facts"
	expect_status 0
	expect_empty_err
	asserts
}

# The facts on a terminal, with stdout in a pipe.
facts_on_a_terminal() {
	local command
	printf -v command '%q ' "$TOOL" "$dir" bash -c "[[ -t 0 && -t 2 && ! -t 1 ]] || echo no terminal; $facts"
	# script(1) gives the command to this shell, which must know bash's quotes.
	tool_env=(SHELL=/bin/bash)
	(TOOL=script nbs_exec -qec "$command | cat >$T/facts" /dev/null)
}

test_the_assignments_assertions_on_a_terminal() {
	dir=$(kept readable)
	touch "$T/facts"
	chmod 666 "$T/facts"
	run facts_on_a_terminal </dev/null
	mv "$T/facts" "$T/out"
	asserts
}
