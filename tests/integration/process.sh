# shellcheck shell=bash
# What the program inherits of the caller's, past a JVM that would change some of it.

source "$TOP/tests/lib/kept.sh"
source "$TOP/tests/lib/process.sh"

# lower: this shell's own, each in its own way.
lower() {
	ulimit -Sn 300
	ulimit -Ss 4096
	ulimit -Su 3000
	ulimit -t 3600
	prlimit --core=4096: --pid "$BASHPID"
	renice -n 5 -p "$BASHPID"
	ionice -c 3 -p "$BASHPID"
	taskset -cp 0 "$BASHPID"
	echo 7 >/proc/self/coredump_filter
} >/dev/null

test_limits_and_priorities_are_the_callers() {
	build_process x86_64-linux
	local inherited='^(limit|nice|io priority|policy|cpus|timer slack) '
	lower
	"$state" | grep -E "$inherited" >"$T/callers"
	grep -qxF 'limit core 4096 -1' "$T/callers" || fail "nothing was lowered"
	run nbs "$dir" "$state"
	expect_status 0
	diff <(sed 's/^limit core 4096 /limit core 0 /' "$T/callers") <(grep -E "$inherited" "$T/out") || fail "not the caller's"
	run nbs "$dir" "$BASH_PATH/bin/bash" -c 'for i in coredump_filter oom_score_adj; do read -r x </proc/self/$i; echo "$x"; done'
	expect_out $'00000007\n'"$(</proc/self/oom_score_adj)"
}

# Only root may raise a hard limit, and Nix does not insist on it.
test_a_hard_limit_of_core_dumps_stays() {
	build_process x86_64-linux
	prlimit --core=0:4096 --pid "$BASHPID"
	run nbs "$dir" "$state"
	expect_status 0
	grep -qxF 'limit core 0 4096' "$T/out" || fail "another limit"
}
