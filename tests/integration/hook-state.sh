# shellcheck shell=bash
# state.bash: a fresh bash that sources it is the shell that failed.
# shellcheck source=tests/lib/hook.sh
source "$TOP/tests/lib/hook.sh"

# round_trip FAILING: the strange state, ended by that command.
round_trip() {
	local bash state=$T/top/.nix-build-shell/state.bash
	cp "$TOP/tests/fixtures/hook/show" "$T/show"
	while read -r bash; do
		# Bash 4 has left the functions when it runs the EXIT trap.
		[[ $1 != exit* || $("$bash" -c 'echo ${BASH_VERSINFO[0]}') -ge 5 ]] || continue
		rm -f "$T/before" "$T/after"
		build "$bash" "failing='$1'; $(<"$TOP/tests/fixtures/hook/strange-state")"
		[[ -s $T/before && $status -ne 0 ]] || fail "$bash: the build did not get to its end"
		[[ $(stat -c %a "$state") == 600 ]] || fail "$bash: every user can read state.bash"
		env -i PATH="$PATH" T="$T" "$bash" --norc -c 'source "$T/top/.nix-build-shell/state.bash"; show >|"$T/after"
			printf "%s " "${!_nixBuildShell@}" | tr -d " " >|"$T/own"; declare -F | grep " _nixBuildShell" >>"$T/own" || :' \
			>"$T/said" 2>&1 </dev/null || fail "$bash: cannot be sourced: $(<"$T/said")"
		[[ ! -s $T/said ]] || fail "$bash: sourcing it says: $(<"$T/said")"
		diff -a "$T/before" "$T/after" || fail "$bash: another state"
		[[ ! -s $T/own ]] || fail "$bash: the hook's own names are in it: $(<"$T/own")"
	done < <(bashes)
}

test_round_trip_of_a_failed_command() {
	build_as=in_build_as_in_a_sandbox
	round_trip false
}

test_round_trip_of_an_exit() { round_trip 'exit 4'; }

test_round_trip_of_an_exit_in_a_sandbox() {
	build_as=in_build_as_in_a_sandbox
	round_trip 'exit 4'
}

test_round_trip_in_another_locale() {
	build_env=(LC_ALL=C.UTF-8 LANG=C.UTF-8)
	round_trip false
}

test_interactive_options_are_left_alone() {
	build "$(type -P bash)" false
	! grep -E '^(builtin )?set \+o (emacs|vi|history|histexpand|monitor)' "$T/top/.nix-build-shell/state.bash" ||
		fail "an interactive shell could not use it"
}

test_everybody_may_read_it_when_the_derivation_says_so() {
	build_env=(nixBuildShellShareState=1)
	build "$(type -P bash)" false
	[[ $(stat -c %a "$T/top/.nix-build-shell/state.bash") == 644 ]] || fail "not shared"
	build_env=(nixBuildShellShareState=)
	build "$(type -P bash)" false
	[[ $(stat -c %a "$T/top/.nix-build-shell/state.bash") == 600 ]] || fail "shared"
}
