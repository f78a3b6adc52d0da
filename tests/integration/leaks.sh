# shellcheck shell=bash
# What of the caller's must not reach the sandbox, and what of the caller's must not be held up.
jdks=each users=each

# With 0 to 2 closed, the JVM's own files would take their numbers.
test_closed_descriptors_are_the_null_device() {
	dir=$(kept readable)
	local inside
	inside=$(
		exec 2>&- <&-
		nbs_exec "$dir" sh -c 'readlink /proc/self/fd/0 /proc/self/fd/2 || { readlink /proc/self/fd/0; readlink /proc/self/fd/2; }'
	) || fail "status $?"
	[[ $(sort -u <<<"$inside") == /dev/null ]] || fail "closed descriptors are: $inside"
}

test_a_jar_run_without_the_launcher_refuses_closed_descriptors() {
	dir=$(kept readable)
	# shellcheck disable=SC2016
	run "${WHO}_exec" sh -c 'exec "$@" <&-' -- "$JDK/bin/java" -jar "${TOOL%/*}/target/nix-build-shell.jar" "$dir" true
	expect_status 125
	expect_err 'descriptor 0 closed'
}

# keyctl joins a session keyring, and what it runs in it has the key.
test_keys_of_the_caller_are_not_seen() {
	dir=$(kept readable)
	local shell
	# shellcheck disable=SC2016
	shell='keyctl add user nix-build-shell-test secret @s >/dev/null || exit 9
		grep -c nix-build-shell-test /proc/keys >&2
		exec "$@"'
	run "${WHO}_exec" NIX_BUILD_SHELL_JAVA_HOME="$JDK" keyctl session - sh -c "$shell" -- "$TOOL" "$dir" cat /proc/keys
	expect_status 0
	expect_err '^1$'
	! grep nix-build-shell-test "$T/out" || fail "the caller's key is seen inside"
}

test_limit_of_open_files_is_the_callers() {
	dir=$(kept readable)
	run "${WHO}_exec" NIX_BUILD_SHELL_JAVA_HOME="$JDK" sh -c 'ulimit -Sn 512 && exec "$@"' -- "$TOOL" "$dir" bash -c 'ulimit -Sn'
	expect_status 0
	expect_out 512
}

# A session leader has no shell above it that could continue it (as in `xterm -e`): the kernel drops a Ctrl-Z
# there, and so must the tool.
test_ctrl_z_without_a_shell_is_dropped() {
	dir=$(kept readable)
	printf '%q ' "${TOOL}" "$dir" bash -c 'echo up; sleep 3; echo done-$((1 + 1))' >"$T/command"
	chmod 644 "$T/command"
	# shellcheck disable=SC2094
	(
		for ((i = 0; i < 100; i++)); do
			! grep -q up "$T/typescript" 2>/dev/null || break
			sleep 0.1
		done
		printf '\032'
		sleep 5
	) | "${WHO}_exec" NIX_BUILD_SHELL_JAVA_HOME="$JDK" script -qfec "$(<"$T/command")" /dev/null >"$T/typescript"
	grep -q 'done-2' "$T/typescript" || fail "it was stopped for ever: $(<"$T/typescript")"
}
