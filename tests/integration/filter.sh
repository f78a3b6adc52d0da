# shellcheck shell=bash
# The system calls that are refused inside, and the personality of the process.

source "$TOP/tests/lib/kept.sh"
source "$TOP/tests/lib/process.sh"

# What is refused beyond Nix's own filter: terminals, and set-id modes over a call that 2.8 does not know.
extra='ioctl.*\((HIGH\|)?TIOC(STI|LINUX)\)|fchmodat2\(.*(04755|02755)\)'

test_system_calls_are_refused_as_in_the_build() {
	build_process x86_64-linux
	run nbs "$dir" "$calls"
	expect_status 0
	diff <(grep -vE "$extra" "$dir/calls") <(grep -vE "$extra" "$T/out") || fail "other answers"
	grep -E "$extra" "$T/out" >"$T/extra"
	[[ $(wc -l <"$T/extra") == $((7 * ${#abis[@]} + 2)) ]] || fail "not all calls were made"
	! grep -v ': 1$' "$T/extra" || fail "allowed"
	user_dir "$T/outside"
	! (cd "$T/outside" && as_user "$calls") | grep ': 1$' || fail "refused outside, too: this test could not fail"
	run nbs "$dir" "$BASH_PATH/bin/bash" -c 'while read -r line; do echo "$line"; done </proc/self/status'
	grep -E '^(NoNewPrivs|Seccomp(_filters)?):' "$T/out" | tr -d '\t' >"$T/seccomp"
	diff - "$T/seccomp" <<-END || fail "another number of filters"
		NoNewPrivs:1
		Seccomp:2
		Seccomp_filters:1
	END
}

# Measured in builds of 2.26: the same as 2.8, but for the extended attributes, which cannot be read either.
test_newer_nix_refuses_more() {
	build_process x86_64-linux
	local outer=$T/${dir##*/}
	mkdir "$outer"
	cp -a "$dir" "$outer/build"
	run nbs --drv "$derivation" "$outer" "$calls"
	expect_status 0
	sed -E 's/^(.* [lf]?getxattr\(\)): .*/\1: 95/' "$dir/calls" | grep -vE "$extra" |
		diff - <(grep -vE "$extra" "$T/out") || fail "other answers"
}

test_filter_syscalls_is_followed() {
	build_process x86_64-linux
	tool_env=(NIX_CONFIG='filter-syscalls = false')
	run nbs "$dir" "$calls"
	expect_status 0
	grep -qxF 'x86_64 chmod(04755): 0' "$T/out" || fail "set-id modes are refused"
	grep -qxF "${abis[-1]/x32/x86_64} setxattr(): 0" "$T/out" || fail "extended attributes are refused"
	[[ $(grep -cE '^[^ ]* ioctl.*\((HIGH\|)?TIOC(STI|LINUX)\): 1$' "$T/out") == $((4 * ${#abis[@]} + 2)) ]] || fail "a terminal is open"
	run nbs --explain "$dir" true
	grep -qF 'seccomp(SECCOMP_SET_MODE_FILTER, 0, {ioctl(_, TIOCSTI|TIOCLINUX): EPERM, else allow})' "$T/out" ||
		fail "it is not explained"
}

on_setarch() (
	local tool=$TOOL
	TOOL=setarch
	nbs_exec --uname-2.6 --32bit --addr-compat-layout "$tool" "$@"
)

# The process's own state: what a build has from its daemon, its limits and priorities, is left out.
# (It is that of a child of the first process, which has the death signal.)
own_state() { grep -vE '^(limit|nice|io priority|policy|cpus|timer slack|not default|groups) ' "$1" || true; }

test_state_is_as_in_the_build() {
	build_process x86_64-linux
	run nbs "$dir" "$BASH_PATH/bin/bash" -c '$state; exit'
	expect_status 0
	diff <(own_state "$dir/state") <(own_state "$T/out") || fail "another state"
	grep -qxF 'personality 40000' "$T/out" || fail "addresses are random"
	! grep '^not default' "$T/out" || fail "signals"
	[[ $WHO == user ]] || grep -qxF 'groups 0' "$T/out" || fail "groups"
	# The caller's personality is not handed on.
	run on_setarch "$dir" "$BASH_PATH/bin/bash" -c '$state; exit'
	diff <(own_state "$dir/state") <(own_state "$T/out") || fail "the caller's personality"
	tool_env=(NIX_CONFIG='impersonate-linux-26 = true')
	run nbs "$dir" "$BASH_PATH/bin/bash" -c '$state; exit'
	grep -qxF 'personality 60000' "$T/out" || fail "no Linux 2.6"
}

test_32_bit_build_on_a_64_bit_machine() {
	build_process i686-linux
	grep -qxF 'machine i686' "$dir/state" || fail "the build itself was no 32-bit one"
	run nbs "$dir" "$BASH_PATH/bin/bash" -c '$state; exit'
	expect_status 0
	diff <(own_state "$dir/state") <(own_state "$T/out") || fail "another state"
	# A session that one comes back to is a 32-bit one, too.
	printf 'cd $NIX_BUILD_TOP; : >edited-file; exit 5\n' >"$T/in"
	run nbs_on_terminal "$dir" <"$T/in"
	expect_status 5
	local session
	session=$(find "$USER_HOME" -name edited-file)
	run nbs "${session%/build/edited-file}" "$BASH_PATH/bin/bash" -c '$state; exit'
	diff <(own_state "$dir/state") <(own_state "$T/out") || fail "another state after coming back"
}
