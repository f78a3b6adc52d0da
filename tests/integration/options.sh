# shellcheck shell=bash
# Options that do not run a command: --help, --version, --explain.

test_help() {
	run nbs --help
	expect_status 0
	expect_empty_err
	grep -q 'nix-build-shell .*DIR' "$T/out" || fail "no synopsis"
	for option in --drv --work-dir --explain --version; do
		grep -q -e "$option" "$T/out" || fail "no $option"
	done
}

test_version() {
	run nbs --version
	expect_status 0
	expect_empty_err
	grep -qE '^nix-build-shell [0-9]+\.[0-9]+' "$T/out" || fail "no version"
}

test_explain_prints_the_plan_and_runs_nothing() {
	local call
	dir=$(kept readable)
	run nbs --explain "$dir" touch /build/ran
	expect_status 0
	for call in sethostname mount pivot_root execve; do
		grep -q "$call" "$T/out" || fail "no $call"
	done
	grep -q /build "$T/out" || fail "no /build"
	no_files_below "$USER_HOME" "a session is left"
}
