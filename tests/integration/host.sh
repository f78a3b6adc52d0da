# shellcheck shell=bash
# Hosts that refuse: each switch is thrown in a namespace of the test's own, never on the host.

need_root() { [[ $EUID -eq 0 ]] || skip "only root can make the namespaces that stand for such hosts"; }

# A user namespace below the host's, with the host's ids, so that the ordinary user is an ordinary user.
switched_off() {
	need_root
	dir=$(kept readable)
	local holder
	unshare --user sleep 1234 &
	holder=$!
	eventually other_user_namespace "$holder" || fail "no user namespace"
	# While it still executes the program, that can be refused.
	eventually map_host_ids "$holder" 2>/dev/null || fail "no ids for the user namespace"
	export -f nbs nbs_exec user_exec root_exec
	run nsenter --user --target "$holder" --setuid 0 --setgid 0 bash -c '
		tool_env=()
		echo 0 >"/proc/sys/user/$2"
		WHO=user nbs doctor
		echo "doctor: $?"
		WHO=user nbs "$1" true' -- "$dir" "$1"
	kill "$holder"
	[[ $(<"/proc/sys/user/$1") -gt 0 ]] || fail "the host's own setting was changed"
	expect_status 125
	expect_err "sysctl -w user.$1=15000"
	doctor_fails namespaces "sysctl -w user.$1=15000"
	no_files_below "$USER_HOME" "a session is left"
}
# doctor_fails PART REMEDY: by what it has printed.
doctor_fails() {
	grep -qx 'doctor: 1' "$T/out" || fail "doctor is content"
	grep -A 1 "^FAILED  $1 " "$T/out" | grep -qF -e "$2" || fail "doctor does not say: $1: $2"
}
test_user_namespaces_are_off() { switched_off max_user_namespaces; }
test_network_namespaces_are_off() { switched_off max_net_namespaces; }
other_user_namespace() {
	local other
	other=$(readlink "/proc/$1/ns/user") && [[ $other != "$(readlink /proc/self/ns/user)" ]]
}
map_host_ids() {
	local map
	for map in uid_map gid_map; do
		[[ -n $(<"/proc/$1/$map") ]] || echo '0 0 65536' >"/proc/$1/$map" || return 1
	done
}

# Containers cover parts of /proc, as Docker does here; then the kernel refuses a new procfs.
test_proc_is_masked() {
	need_root
	dir=$(kept readable)
	export -f nbs nbs_exec user_exec root_exec
	run unshare --mount --propagation private bash -c '
		tool_env=()
		mount --bind /dev/null /proc/version
		mount -t tmpfs -o ro none /proc/bus
		mount --bind -o ro /proc/sys /proc/sys
		nbs doctor
		echo "doctor: $?"
		nbs "$1" true' -- "$dir"
	expect_status 125
	expect_err 'mounted over' /proc/version /proc/bus /proc/sys systempaths=unconfined
	doctor_fails procfs systempaths=unconfined
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
	run nbs --work-dir "$T/noexec" doctor
	echo "doctor: $status" >>"$T/out"
	doctor_fails sessions --work-dir
}
