# shellcheck shell=bash
# Old kernels and containers: what they lack or forbid is done without, or named. A seccomp filter stands for them.

setup() {
	dir=$(kept readable)
	compile "$T/refuse" "$TOP/tests/fixtures/refuse.c"
	chmod 755 "$T/refuse"
}

# refusing ERRNO CALL... -- ARGS...: the tool where these system calls are refused.
refusing() (
	local words=("$@") i
	for ((i = 0; i < $#; i++)); do
		[[ ${words[i]} != -- ]] || break
	done
	words=("${words[@]:0:i}" -- "$TOOL" "${words[@]:i+1}")
	TOOL=$T/refuse nbs_exec "${words[@]}"
)

# In $dir, a manifest that shows two store paths alone.
with_manifest() {
	local copy=$T/nix-build-kept-1.0.drv-0
	user_dir "$copy"
	cp -R "$dir/." "$copy/"
	mkdir "$copy/.nix-build-shell"
	printf '{"schemaVersion": "1.0", "shell": "%s/bin/bash", "storePaths": ["%s", "%s"]}\n' \
		"$BASH_PATH" "$BASH_PATH" "$TOOLS_PATH" >"$copy/.nix-build-shell/manifest.json"
	chmod -R a+rX "$copy"
	if [[ $WHO == root ]]; then chown -R --reference="$dir" "$copy"; fi
	dir=$copy
}

without() {
	setup
	exec 7</etc/passwd 1000</etc/passwd
	run refusing "$1" close_range copy_file_range -- "$dir" \
		bash -c 'for fd in /proc/$$/fd/*; do [ ! -e "$fd" ] || echo "${fd##*/}"; done'
	expect_status 0
	expect_out $'0\n1\n2'
	expect_empty_err
	with_manifest
	run refusing "$1" close_range mount_setattr -- "$dir" sh -c '
		ls /nix/store | wc -l; mkdir "$out" && echo writable
		grep -c " /nix/store/[^ ]* ro,nosuid,nodev" /proc/self/mountinfo; touch "$1/new"' -- "$BASH_PATH"
	expect_out $'2\nwritable\n2'
	expect_err 'Read-only file system'
}

test_without_close_range_and_mount_setattr() { without ENOSYS; }

# Old container managers know neither, and forbid what they do not know.
test_in_a_container_that_forbids_them() { without EPERM; }
test_in_a_container_that_calls_them_invalid() { without EINVAL; }

test_without_keyrings() {
	setup
	run refusing ENOSYS keyctl fchmodat2 -- "$dir" id -u
	expect_status 0
	run refusing EPERM keyctl fchmodat2 -- "$dir" id -u
	expect_status 0
	expect_out 1000
	expect_empty_err
}

test_filter_of_a_container() {
	setup
	local call
	for call in namespaces mount pivot_root; do
		run refusing EPERM "$call" -- "$dir" true
		expect_status 125
		expect_err EPERM seccomp=unconfined
	done
	# The doctor tries the same.
	run refusing EPERM pivot_root -- doctor --json
	expect_status 1
	[[ $(<"$T/out") == *'"part":"sandbox","remedy":"'*seccomp=unconfined*'"state":"failed"'*'"works":false'* ]] || fail "doctor does not say it"
	run refusing EINVAL pivot_root -- "$dir" true
	expect_status 125
	expect_err switch_root
	no_files_below "$USER_HOME" "a session is left"
}

need_root() { [[ $EUID -eq 0 ]] || skip "only root can make such a place"; }

# in_chroot DIRECTORY: what the tool says in there.
in_chroot() {
	export -f nbs nbs_exec user_exec root_exec
	run unshare --mount --propagation private bash -c '
		tool_env=()
		source "$3"
		chroot "$2" bash -c "tool_env=(); nbs \"\$1\" true" -- "$1"' -- "$dir" "$T/jail" "$1"
	expect_status 125
	expect_err chroot
}

test_chroot() {
	need_root
	dir=$(kept readable)
	mkdir "$T/jail"
	cat >"$T/bind-root" <<-END
		mount --rbind / "$T/jail"
	END
	in_chroot "$T/bind-root"
	cat >"$T/bind-each" <<-END
		for each in /*; do
			if [[ -L \$each ]]; then
				cp -P "\$each" "$T/jail\$each"
			elif [[ -d \$each ]]; then
				mkdir -p "$T/jail\$each"
				mount --bind "\$each" "$T/jail\$each"
			fi
		done
		mount --rbind /dev "$T/jail/dev"
	END
	in_chroot "$T/bind-each"
	expect_err 'this is a chroot'
	no_files_below "$USER_HOME" "a session is left"
}

test_noexec_home_is_passed_over() {
	need_root
	dir=$(kept readable)
	user_dir "$T/tmp"
	if [[ $WHO == root ]]; then chown 0:0 "$T/tmp"; fi
	mount -t tmpfs -o "noexec,mode=700,uid=$(stat -c %u "$T/tmp")" none "$USER_HOME"
	trap 'umount -l "$USER_HOME"' EXIT
	tool_env=(TMPDIR="$T/tmp")
	run nbs "$dir" bash -c 'printf "#!/bin/sh\necho ran\n" >program; chmod +x program; ./program'
	expect_status 0
	expect_out ran
	expect_err "$USER_HOME" 'mounted noexec' "$T/tmp"
	no_files_below "$T/tmp" "a session is left"
}

# Also one that is mounted nosuid and nodev: neither is missed.
test_nosuid_and_nodev_do_no_harm() {
	need_root
	dir=$(kept readable)
	mkdir "$T/place"
	mount -t tmpfs -o nosuid,nodev,mode=777 none "$T/place"
	trap 'umount -l "$T/place"' EXIT
	run nbs --work-dir "$T/place" "$dir" sh -c 'cp "$1/bin/bash" mine && ./mine -c "echo ran >/dev/null; echo ran" && mkdir "$out"' -- "$BASH_PATH"
	expect_status 0
	expect_out ran
}

# An overlay cannot write to another; where the build's own part of the store is known, none is needed.
test_session_on_an_overlay() {
	local program
	need_root
	setup
	mkdir "$T/over" "$T/upper" "$T/work" "$T/lower"
	mount -t overlay -o "lowerdir=$T/lower,upperdir=$T/upper,workdir=$T/work" overlay "$T/over"
	trap 'umount -l "$T/over"' EXIT
	chmod 777 "$T/over"
	run nbs --work-dir "$T/over" doctor
	expect_status 0
	grep -A 1 '^note    overlay .* cannot be mounted' "$T/out" | grep -q 'Try: .* --work-dir' || fail "doctor does not say it"
	mkdir "$T/programs"
	for program in env sh readlink; do ln -s "$(type -P "$program")" "$T/programs/$program"; done
	tool_env=(PATH="$T/programs")
	run nbs --work-dir "$T/over" "$dir" true
	expect_status 125
	expect_err 'no nix-store on PATH' 'another overlay' --work-dir 'setup hook'
	tool_env=()
	with_manifest
	run nbs --work-dir "$T/over" "$dir" sh -c 'mkdir "$out" && ls /nix/store | wc -l'
	expect_status 0
	expect_out 3
}
