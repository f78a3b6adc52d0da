# shellcheck shell=bash
# Outputs that Nix refuses because their hash is not the one that the derivation says.

# refused NAME: sets `dir` to what a build left whose content is new in this test.
refused() {
	local arguments log=$T/log-$1
	mapfile -d '' arguments < <(selected "$1" "$T")
	! as_user NIX_REMOTE=daemon nix-build --keep-failed --no-out-link "${arguments[@]}" >"$log" 2>&1 </dev/null ||
		fail "Nix did not refuse it"
	grep -q 'hash mismatch' "$log" || fail "$(<"$log")"
	dir=$(kept_directory "$log")
	[[ -n $world_name ]] || printf '%s\n' "$dir" >>"$SCRATCH/kept-directories"
}

# expect_content FILE LINE: what was fetched is at $out (or in it), and a line says so, and where it is in the store.
expect_content() {
	local at
	# shellcheck disable=SC2016
	run nbs "$dir" sh -c "cat \"\$out$1\""
	expect_status 0
	expect_out "$T"
	expect_err "$2"
	at=$(grep -oE "/nix/store/[0-9a-z]{32}-mismatch[-a-z]*-1[.]0[, ]" "$T/err" | head -n 1)
	[[ $(<"$world_files${at%?}$1") == "$T" ]] || fail "what was fetched is not at $at"
}

is_shown() {
	refused mismatch
	expect_content /content 'Nix refused the output'
	refused mismatchFlat
	expect_content '' 'Nix refused the output'
	# The content is in the store already, so that Nix does not move it.
	refused mismatch
	expect_content /content 'Nix'
	# The builder does not see it.
	run nbs --builder "$dir"
	expect_status 0
}

test_what_was_fetched_is_shown() { is_shown; }

test_what_was_fetched_is_shown_by_newer_nix() {
	enter_world sid
	is_shown
}

# A builder that fails has no output, and no line names an output of that name.
test_a_builder_that_fails_by_itself() {
	dir=$(kept fixed)
	# shellcheck disable=SC2016
	prints none sh -c '[ -e "$out" ] || echo none'
	! grep -q refused "$T/err" || fail "a line about a refused output"
}
