# shellcheck shell=bash
# What root gives to a build user, and as which user the sandbox runs then.

# own_copy OWNER: in $dir, of a kept directory.
own_copy() {
	dir=$T/nix-build-kept-1.0.drv-0
	cp -R "$(kept "${2:-readable}")" "$dir"
	chown -R "$1" "$dir"
}

# What another user wrote would run as the owner.
test_directories_that_others_can_write_to_are_refused() {
	own_copy "$TEST_USER:"
	local mode
	for mode in 1777 775 757; do
		chmod "$mode" "$dir"
		run nbs "$dir" true
		expect_status 125
		expect_err "cannot enter $dir as root" "mode $(printf %04d "$mode")" "chmod go-w $dir" 'ordinary user'
	done
	chmod 755 "$dir"
	chmod 666 "$dir/env-vars"
	run nbs "$dir" true
	expect_status 125
	expect_err 'its env-vars has mode 0666' "chmod go-w $dir/env-vars"
	chmod 644 "$dir/env-vars"
	# Written while the directory was open to all.
	chown 12345 "$dir/env-vars"
	run nbs "$dir" true
	expect_status 125
	expect_err 'its env-vars to user 12345'
	no_files_below "$USER_HOME" "a session is left"
}

test_files_that_the_owner_cannot_read_are_not_shown() {
	own_copy "$TEST_USER:"
	(umask 077 && echo secret >"$dir/secret" && mkdir "$dir/shut" && echo secret >"$dir/shut/secret")
	echo public >"$dir/public"
	run nbs "$dir" sh -c 'cat public; cat secret shut/secret'
	expect_status 1
	expect_out public
	expect_err 'not copied: secret: it belongs to user 0' 'not copied: shut: it belongs to user 0'
	(umask 077 && echo private >"$dir/private" && chown "$TEST_USER:" "$dir/private")
	prints private cat private
}

# names_output PATH: in env-vars, and as a second output too.
names_output() {
	local names="declare -x out=\"$1\"\ndeclare -x dev=\"$1\"\ndeclare -x outputs=\"out dev\""
	sed -i -e "1i $names" -e '/^declare -x \(out\|dev\|outputs\)=/d' "$dir/env-vars"
}

test_only_outputs_are_copied_from_the_store() {
	own_copy --reference="$(kept readable)"
	local end
	begun=/nix/store/00000000000000000000000000000000-begun-${T##*.}
	trap 'rm -rf "$begun" "$begun".*' EXIT
	for end in '' .lock .drv .drv.chroot .check; do
		(umask 077 && echo secret >"$begun$end")
		names_output "$begun$end"
		run nbs --verbose "$dir" sh -c 'test "$out" = "$1" && ! cat "$out"' -- "$begun$end"
		expect_status 0
		! grep -F 'was begun' "$T/err" || fail "$begun$end"
		chmod 644 "$begun$end"
		if [[ -n $end ]]; then
			run nbs --verbose "$dir" true
			! grep -F 'was begun' "$T/err" || fail "$begun$end"
		fi
	done
	names_output "$begun"
	run nbs --verbose "$dir" sh -c 'cat "$out"; echo more >>"$out"; cat "$dev"'
	expect_status 0
	expect_out $'secret\nsecret\nmore'
	[[ $(grep -cF 'was begun' "$T/err") == 1 ]] || fail "not once"
}

# The roots of running builds lie in the store, open to the build users' group.
test_the_whole_store_has_no_running_builds() {
	own_copy --reference="$(kept readable)"
	sed -i 's|^declare -x NIX_BUILD_TOP=.*|declare -x NIX_BUILD_TOP="/tmp/nix-build-a.drv-0"|' "$dir/env-vars"
	root=/nix/store/00000000000000000000000000000000-running-${T##*.}.drv.chroot
	trap 'rm -rf "$root"' EXIT
	mkdir -m 750 "$root"
	chgrp nixbld "$root"
	echo secret >"$root/file"
	run nbs "$dir" sh -c 'test -d "$1" && ! ls "$1" && ! cat "$1/file" && echo >$out && stat -c %u:%g . env-vars "$out"' -- "$root"
	expect_status 0
	expect_out $'1000:100\n1000:100\n1000:100'
	expect_err 'ermission denied'
}

test_the_group_is_the_primary_one_of_the_owner() {
	own_copy "$TEST_USER:daemon"
	prints "1000 $(id -u "$TEST_USER") 1 100 $(id -g "$TEST_USER") 1" \
		sh -c 'echo $(cat /proc/self/uid_map /proc/self/gid_map)'
	chown "$TEST_USER:0" "$dir"
	prints "100 $(id -g "$TEST_USER") 1" sh -c 'echo $(cat /proc/self/gid_map)'
}

test_an_owner_without_an_account_is_refused() {
	own_copy 54321:54321
	run nbs "$dir" true
	expect_status 125
	expect_err 'user 54321' /etc/passwd
	no_files_below "$USER_HOME" "a session is left"
}

# edited: the session that an interactive shell in $dir leaves.
edited() {
	printf 'cd $NIX_BUILD_TOP; echo edited >edited-file; exit 5\n' >"$T/in"
	run nbs_on_terminal "$dir" <"$T/in"
	expect_status 5
	session=$(find "$USER_HOME" -name edited-file)
	session=${session%/build/edited-file}
	[[ -n $session ]] || fail "no session is left"
}

comes_back() {
	edited
	run nbs "$session" sh -c 'cat edited-file; echo again >edited-file; mkdir "$out"; echo $(cat /proc/self/uid_map)'
	expect_status 0
	expect_out "edited"$'\n'"1000 $(id -u "$1") 1"
	[[ $(stat -c %U "$session/build/edited-file") == "$1" ]] || fail "another owner"
}

test_coming_back_to_a_session_of_an_ordinary_user() {
	own_copy "$TEST_USER:"
	comes_back "$TEST_USER"
}

test_coming_back_to_a_session_of_the_second_build_user() {
	own_copy nixbld2:nixbld
	comes_back nixbld2
}

# Nix holds its user's file so while it builds.
test_coming_back_waits_for_nobody_else() {
	local uid holder
	uid=$(id -u nixbld2)
	own_copy nixbld2:nixbld
	edited
	flock --no-fork /nix/var/nix/userpool/"$uid" sleep 1234 &
	holder=$!
	eventually is_locked "/nix/var/nix/userpool/$uid" || fail "not locked"
	run nbs "$session" true
	kill "$holder"
	expect_status 125
	expect_err "user $uid" 'is running now'
	[[ -e $session/build/edited-file ]] || fail "the session is gone"
}

# Then a new copy gets another one, and what the build had begun is there all the same.
test_a_begun_output_of_a_build_user_who_builds() {
	local uid holder
	dir=$(kept threeOutputs)
	uid=$(stat -c %u "$dir")
	flock --no-fork "/nix/var/nix/userpool/$uid" sleep 1234 &
	holder=$!
	eventually is_locked "/nix/var/nix/userpool/$uid" || fail "not locked"
	run nbs "$dir" sh -c 'cat $dev/file; rm -r $dev; read -r _ uid _ </proc/self/uid_map; echo $uid'
	kill "$holder"
	expect_status 0
	[[ $(head -n 1 "$T/out") == begun ]] || fail "no output"
	[[ $(tail -n 1 "$T/out") != "$uid" ]] || fail "as the user who builds"
}

is_locked() { ! flock --nonblock "$1" true; }

test_a_group_without_build_users_is_said() {
	own_copy 0:0
	sed 's/^\(nixbld:[^:]*:[^:]*\):.*/\1:/' /etc/group >"$T/etc-group"
	export -f nbs nbs_exec root_exec
	run unshare --mount --propagation private bash -c '
		tool_env=()
		mount --bind "$2" /etc/group
		nbs "$1" true' -- "$dir" "$T/etc-group"
	expect_status 125
	expect_err 'nixbld has no members'
}
