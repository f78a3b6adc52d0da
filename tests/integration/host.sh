# shellcheck shell=bash
# Hosts that refuse: each switch is thrown in a namespace of the test's own, never on the host.
jdks=each users=user

need_root() { [[ $EUID -eq 0 ]] || skip "only root can make the namespaces that stand for such hosts"; }

# A user namespace below the host's, with the host's ids, so that the ordinary user is an ordinary user.
test_user_namespaces_are_off() {
	need_root
	dir=$(kept readable)
	local holder
	unshare --user sleep 1234 &
	holder=$!
	eventually 10 other_user_namespace "$holder" || fail "no user namespace"
	echo '0 0 65536' >"/proc/$holder/uid_map"
	echo '0 0 65536' >"/proc/$holder/gid_map"
	export -f nbs nbs_exec user_exec
	run nsenter --user --target "$holder" --setuid 0 --setgid 0 bash -c '
		tool_env=()
		echo 0 >/proc/sys/user/max_user_namespaces
		WHO=user nbs "$1" true' -- "$dir"
	kill "$holder"
	[[ $(</proc/sys/user/max_user_namespaces) -gt 0 ]] || fail "the host's own setting was changed"
	expect_status 125
	expect_err max_user_namespaces
	grep -qE 'sysctl|/proc/sys/user/max_user_namespaces' "$T/err" || fail "no remedy is given"
	no_files_below "$USER_HOME" "a session is left"
}
other_user_namespace() {
	[[ $(readlink "/proc/$1/ns/user") != $(readlink /proc/self/ns/user) ]]
}

# Containers cover parts of /proc; then the kernel refuses a new procfs.
test_proc_is_masked() {
	need_root
	dir=$(kept readable)
	export -f nbs nbs_exec user_exec
	run unshare --mount --propagation private bash -c '
		tool_env=()
		mount --bind /dev/null /proc/version
		WHO=user nbs "$1" true' -- "$dir"
	expect_status 125
	expect_err /proc
	grep -qiE 'container|masked|covered|visible|mounted over' "$T/err" || fail "the reason is not said"
}

# The session must be able to run programs in /build: on a noexec file system it says so.
test_noexec_file_system() {
	need_root
	dir=$(kept readable)
	mkdir "$T/noexec"
	mount -t tmpfs -o noexec,mode=777 none "$T/noexec"
	trap 'umount -l "$T/noexec"' EXIT
	run nbs --work-dir "$T/noexec" "$dir" true
	expect_status 125
	expect_err "$T/noexec" noexec
}
