# shellcheck shell=bash
# What of the caller's must not reach the sandbox, and what of the caller's must not be held up.

# The caller himself, with what only the tool is given otherwise.
as_who() ("${WHO}_exec" NIX_BUILD_SHELL_JAVA_HOME="$JDK" "$@")

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
	run as_who sh -c 'exec "$@" <&-' -- "$JDK/bin/java" -jar "${TOOL%/*}/target/nix-build-shell.jar" "$dir" true
	expect_status 125
	expect_err 'descriptor 0 closed'
}

# keyctl joins a session keyring, and what it runs in it has the key. Its name is listed inside as everything
# of the same user is; to search the keyring and to read the key is another thing.
test_keys_of_the_caller_cannot_be_used() {
	dir=$(kept readable)
	cat >"$T/search.c" <<-END
		#include <stdio.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		int main(void) { /* KEYCTL_SEARCH the session keyring */
			printf("%s\n", syscall(SYS_keyctl, 10, -3, "user", "nix-build-shell-test", 0) < 0 ? "none" : "found");
			return 0;
		}
	END
	compile "$T/search" "$T/search.c"
	local shell
	# shellcheck disable=SC2016,SC2094
	shell='keyctl add user nix-build-shell-test secret @s >/dev/null && "$0" >&2 && exec "$@"'
	# shellcheck disable=SC2094
	run as_who keyctl session nix-build-shell-test sh -c "$shell" "$T/search" "$TOOL" "$dir" \
		bash -c 'cat >/tmp/search && chmod +x /tmp/search && /tmp/search' <"$T/search"
	expect_status 0
	grep -qx found "$T/err" || fail "the key is not there outside"
	expect_out none
}

test_limit_of_open_files_is_the_callers() {
	dir=$(kept readable)
	run as_who sh -c 'ulimit -Sn 512 && exec "$@"' -- "$TOOL" "$dir" bash -c 'ulimit -Sn'
	expect_status 0
	expect_out 512
}

# A session leader has no shell above it that could continue it (as in `xterm -e`): the kernel drops a Ctrl-Z
# there, and so must the tool.
test_ctrl_z_without_a_shell_is_dropped() {
	dir=$(kept readable)
	printf '%q ' "${TOOL}" "$dir" bash -c 'echo up; sleep 3; exit 7' >"$T/command"
	chmod 644 "$T/command"
	: >"$T/typescript"
	local status=0
	# shellcheck disable=SC2094
	{
		eventually grep -q '^up' "$T/typescript"
		printf '\032'
		eventually test -e "$T/over"
	} | {
		as_who timeout 300 script -qfec "$(<"$T/command")" /dev/null >>"$T/typescript" || status=$?
		touch "$T/over"
		exit "$status"
	} || status=$?
	[[ $status -ne 124 ]] || fail "it was stopped for ever: $(<"$T/typescript")"
	[[ $status -eq 7 ]] || fail "status $status: $(<"$T/typescript")"
	[[ $(<"$T/typescript") == *up*^Z* ]] || fail "no Ctrl-Z was typed to the command: $(<"$T/typescript")"
}
