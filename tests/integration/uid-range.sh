# shellcheck shell=bash
# A build that was root of a range of users, by Nix 2.26, and the sandbox that only root can make of it.
# (That it is Nix's own is parity's to say.)

first=872415232

range_build() {
	enter_world debian13
	dir=$(kept uidRange)
}

test_files_keep_their_owners() {
	range_build
	# shellcheck disable=SC2016
	run nbs "$dir" sh -c 'cat theirs $out/begun; stat -c %u:%g . theirs $out/begun; touch mine && chown 65535:1 mine'
	expect_status 0
	expect_out $'theirs\nbegun\n0:0\n7:8\n7:8'
}

test_nothing_of_the_host_is_reached() {
	range_build
	# shellcheck disable=SC2016
	run nbs "$dir" sh -c '
		mount -o remount,bind,rw none "$0" && echo writable
		! touch "$0/made" && ! echo >"$0/bin/bash" && ! rm "$0/bin/bash" || echo "the store is written"
		! chown 0:0 "$0" && ! mount --bind /tmp "$0/made" || echo "the store is changed"
		! mknod disk b 8 0 && ! mknod null c 1 3 || echo "a device is made"
		! echo x >/proc/sys/kernel/core_pattern || echo "the kernel is set"
		! chmod 666 /dev/null || echo "a device is changed"' "$BASH_PATH"
	expect_status 0
	expect_out writable
}

test_below_the_mounts_there_is_nothing() {
	range_build
	run nbs "$dir" bash -c '
		for each in /build /tmp /sys /dev/shm /dev/pts /proc /nix/store; do umount -l $each; done
		echo /build/* /tmp/* /sys/* /dev/shm/* /dev/pts/* /proc/* /*'
	expect_status 0
	expect_out '/build/* /tmp/* /sys/* /dev/shm/* /dev/pts/* /proc/* /bin /build /dev /etc /nix /proc /sys /tmp'
}

groups_of_the_tool() { "${world[@]}" find /sys/fs/cgroup -name 'nix-build-shell-*'; }

test_its_control_group_goes_with_it() {
	range_build
	run nbs "$dir" sh -c '
		cat /proc/self/cgroup | grep ^0:
		mkdir /groups && mount -t cgroup2 none /groups && mkdir -p /groups/a/b/c /groups/d && cat /groups/cgroup.procs | head -n 1
		echo 1 >/groups/a/b/cgroup.procs; ls -d /groups/nix*'
	expect_status 1
	expect_out $'0::/\n1'
	[[ -z $(groups_of_the_tool) ]] || fail "a control group is left"
}

# show_too FILE NAME: adds a directory of the store to the list of those that a session shows (files/EntryList).
show_too() {
	perl -0777 -pi -e '
		BEGIN { $name = pop }
		($count, $rest) = unpack "Q<a*", $_;
		($types, $lengths, $names) = unpack "a$count a$count a*", $rest;
		$_ = pack("Q<", $count + 1) . "$types\0$lengths" . chr(length $name) . "$names$name\0"' "$1" "$2"
}

test_coming_back() {
	range_build
	printf 'cd $NIX_BUILD_TOP; echo edited >edited-file; chown 5:6 . edited-file; exit 5\n' >"$T/in"
	run nbs_on_terminal "$dir" <"$T/in"
	expect_status 5
	local session
	session=$(find "$USER_HOME" -name edited-file)
	session=${session%/build/edited-file}
	[[ $(stat -c %u:%g "$session/build/edited-file") == $((first + 5)):$((first + 6)) ]] || fail "other owners"
	run nbs "$session" sh -c 'cat edited-file; stat -c %u:%g . theirs; id -u; read -r map </proc/self/uid_map; echo $map'
	expect_status 0
	expect_out $'edited\n5:6\n7:8\n0\n0 '"$first 65536"
	local begun=("$world_files"/nix/store/*-uid-range-1.0)
	show_too "$session/store/paths" "$(basename "${begun[0]}")"
	run nbs "$session" true
	expect_status 125
	expect_err uid-range-1.0 'not finished'
	tool_env=(NIX_CONFIG='start-id = 1000000')
	run nbs "$session" true
	expect_status 125
	expect_err "$first" start-id
}

test_the_host_s_network_has_no_sys() {
	range_build
	run nbs --network host "$dir" sh -c 'ls -d /sys'
	expect_status 1
}

# A running build has the users: Nix holds their file so.
test_users_of_a_running_build() {
	range_build
	local pool=$world_files/nix/var/nix/userpool2 holder
	flock --no-fork "$pool/slot-0" sleep 1234 &
	holder=$!
	eventually is_locked "$pool/slot-0" || fail "not locked"
	run nbs "$dir" true
	expect_status 125
	expect_err "$first" 'is running now'
	cp -a "$world_files$dir" "$T/kept"
	chown -R 0:0 "$T/kept"
	run nbs --drv "$(derivation_of_range)" "$T/kept" sh -c 'stat -c %u:%g theirs; read -r map </proc/self/uid_map; echo $map'
	kill "$holder"
	expect_status 0
	expect_out $'0:0\n0 '"$((first + 65536)) 65536"
}
is_locked() { ! flock --nonblock "$1" true; }
derivation_of_range() { "${world[@]}" find /nix/store -maxdepth 1 -name '*-uid-range-1.0.drv'; }

test_a_user_of_the_range_has_an_account() {
	range_build
	local etc=$world_files/etc
	# shellcheck disable=SC2064
	trap "sed -i /^clash:/d '$etc/passwd'" EXIT
	echo "clash:x:$((first + 65535)):1::/:/bin/sh" >>"$etc/passwd"
	run nbs "$dir" true
	expect_status 125
	expect_err 'user clash' "$first"
}

test_a_stranger_s_directory_is_refused() {
	range_build
	cp -a "$world_files$dir" "$T/kept"
	chown -R 54321:54321 "$T/kept"
	run nbs --drv "$(derivation_of_range)" "$T/kept" true
	expect_status 125
	expect_err 'user 54321' start-id
	no_files_below "$USER_HOME" "a session is left"
}
