# shellcheck shell=bash
# What a test says. `run` leaves the command's status in `status`, and its output in $T/out and $T/err.

fail() {
	printf 'FAILED: %.2000s\n' "$*"
	if [[ -e $T/out ]]; then
		printf -- '--- status %s, stdout:\n' "${status:-?}"
		head -c 4000 "$T/out"
		printf -- '--- stderr:\n'
		head -c 4000 "$T/err"
	fi
	exit 1
}

# This test cannot be done here. A failure in CI.
skip() {
	printf 'skipped: %s\n' "$*"
	exit 77
}

run() {
	status=0
	"$@" >"$T/out" 2>"$T/err" || status=$?
}

# run_in_session COMMAND...: as `run`; for root a build of the other lane may have the session's build user for a while.
run_in_session() { eventually has_the_user "$@" || fail "a build keeps the user"; }
has_the_user() {
	run "$@"
	[[ $status -ne 125 ]] || ! grep -q 'a build that is running now uses user' "$T/err"
}

expect_status() { [[ $status -eq $1 ]] || fail "status $status, not $1"; }

# expect_out TEXT: stdout is this text and a newline, to the byte; without a text, nothing.
expect_out() {
	printf '%s' "${1:+$1$'\n'}" >"$T/expected"
	cmp -s "$T/expected" "$T/out" || fail "stdout is not: $1"
}

expect_empty_err() { [[ ! -s $T/err ]] || fail "stderr is not empty"; }

# expect_err TEXT...: stderr has each of these.
expect_err() {
	local text
	for text; do
		grep -qF -e "$text" "$T/err" || fail "stderr does not mention: $text"
	done
}

# prints TEXT COMMAND...: the command, in the sandbox of $dir, prints TEXT and succeeds.
prints() {
	local text=$1
	shift
	run nbs "$dir" "$@"
	expect_status 0
	expect_out "$text"
}

# no_files_below DIRECTORY MESSAGE: nothing but directories, lock files, and what was typed into shells.
no_files_below() {
	if ! nothing_below "$1"; then
		head -n 5 "$T/found"
		fail "$2"
	fi
}

# A large copy is deleted after the exit status: `eventually nothing_below`.
nothing_below() {
	find "$1" -mindepth 1 ! -type d ! -name '*lock' ! -path '*/.history/*' ! -path '*/.answers/*' ! -path '*/.stores/*' >"$T/found" &&
		[[ ! -s $T/found ]]
}

# eventually COMMAND...: the command comes to succeed, before it would hang for ever (or in `patience` seconds).
eventually() {
	local until=$((SECONDS + ${patience:-120}))
	while ! "$@"; do
		((SECONDS < until)) || return 1
		sleep 0.05
	done
}

# Names, contents, kinds, modes, owners, link counts, sizes and times of everything below a directory.
# (Not the time of the last access, which reading changes.)
snapshot() {
	(
		cd "$1"
		find . -printf '%p|%y|%m|%U|%G|%n|%s|%T@|%C@|%l\0' | sort -z
		find . -type f -readable -print0 | sort -z | xargs -0r sha256sum
	) | sha256sum
}
