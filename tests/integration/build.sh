# shellcheck shell=bash
# `build`: the caller's own program builds, and what failed opens.

tool_env=(NIX_REMOTE=daemon)

# many SCRIPT [ARGUMENT...]: sets `arguments` to those that build matching.nix.
many() {
	arguments=("$SCRATCH/fixtures/matching.nix" --no-out-link --argstr bash "$BASH_PATH" --argstr tools "$TOOLS_PATH"
		--argstr salt "$T" --argstr script "$1" "${@:2}")
}

# kept_now: what the last run names is removed with the tests.
kept_now() {
	[[ -n $world_name ]] || kept_directories "$T/err" >>"$SCRATCH/kept-directories"
}

one_failure() {
	local arguments dir
	mapfile -d '' arguments < <(selected plain "$T$world_name")
	arguments+=(--no-out-link)
	run nbs build "${arguments[@]}" <<<'echo "$name in $PWD"; exit 7'
	kept_now
	dir=$(kept_directory "$T/err")
	[[ -n $dir ]] || fail "nothing is kept"
	# nix-build's own statuses.
	[[ $status -eq 1 || $status -eq 100 ]] || fail "status $status"
	grep -q "^plain-1.0 in /build" "$T/out" || fail "no shell"
	expect_err 'buildPhase of plain-1.0 failed'
	run nbs --no-shell build "${arguments[@]}" </dev/null
	kept_now
	[[ $status -eq 1 || $status -eq 100 ]] || fail "status $status"
	expect_out ''
	dir=$(kept_directory "$T/err")
	expect_err 'buildPhase of plain-1.0 failed' "enter it with: nix-build-shell ${dir%/build}"
	expect_valid_json "${arguments[@]}"
}

# expect_valid_json ARGUMENT...: of a build that fails.
expect_valid_json() {
	run nbs --json build "$@" </dev/null
	kept_now
	dir=$(kept_directory "$T/err")
	python3 - "$TOP/docs/build.schema.json" "$T/out" "${dir%/build}" <<-'END' || fail "other JSON"
		import json, jsonschema, sys
		said = json.load(open(sys.argv[2]))
		jsonschema.validate(said, json.load(open(sys.argv[1])))
		assert said["status"] in (1, 100), said
		[failed] = said["failures"]
		assert failed["directory"] == sys.argv[3], failed
		assert failed["phase"] == "buildPhase" and failed["end"] == "failed" and failed["name"] == "plain-1.0", failed
	END
}

test_one_failure() {
	one_failure
	enter_world debian13
	one_failure
	enter_world sid
	one_failure
}

# A sibling that Nix stops is never the first.
test_several_failures() {
	local arguments nix
	for nix in '' sid; do
		[[ -z $nix ]] || enter_world "$nix"
		# shellcheck disable=SC2016
		many 'case $index in 1) sleep 2; exit 3 ;; *) echo waiting; sleep 60 ;; esac' --arg count 3 -j 3
		run nbs build "${arguments[@]}" <<<'echo "entered $(<who)"'
		kept_now
		[[ $(<"$T/out") == *"entered $T 1" ]] || fail "another one is entered"
		# shellcheck disable=SC2016
		many 'sleep $index; exit 3' --arg count 2 -j 1 --keep-going
		run nbs --no-shell build "${arguments[@]}" </dev/null
		kept_now
		[[ $(grep -c 'enter it with: ' "$T/err") -eq 2 ]] || fail "not both are named"
	done
}

# With records, which `nix build` of this Nix gives, another client's failures at the same time are not taken for its own.
test_nix_build() {
	enter_world sid
	local arguments others
	many 'exit 3' --argstr salt "$T others" --arg count 3 --keep-going
	others=("${arguments[@]}")
	many 'sleep 2; exit 3' --extra-experimental-features nix-command
	arguments=(-f "${arguments[@]/--no-out-link/--no-link}")
	as_user NIX_REMOTE=daemon nix-build --keep-failed "${others[@]}" >/dev/null 2>&1 &
	run nbs build "${arguments[@]}" <<<'echo "entered $(<who)"'
	wait
	[[ $(<"$T/out") == *"entered $T 0" ]] || fail "another one is entered"
	run nbs --no-shell build "${arguments[@]}" </dev/null
	[[ $(grep -c 'enter it with: ' "$T/err") -eq 1 ]] || fail "not one is named"
}

test_failures_that_leave_nothing() {
	run nbs build -E 'throw "never"' </dev/null
	expect_status 1
	expect_err 'never' 'no build failed here'
	run nbs build -E "derivation { name = \"fetched-$RANDOM\"; builder = \"builtin:fetchurl\"; system = \"builtin\";
		url = \"file:///nowhere\"; outputHashMode = \"flat\"; outputHashAlgo = \"sha256\"; outputHash = \"$(printf '%064d' 0)\"; }" </dev/null
	expect_err 'is made by a part of Nix itself (builtin:fetchurl), which leaves no directory'
	run nbs --using /nowhere/nix build x
	expect_status 127
	expect_err 'cannot run /nowhere/nix: ENOENT (no such file or directory). Try: '
	run nbs --using false build
	expect_status 1
	run nbs --using true build -x --help
	expect_status 0
	run nbs --no-shell "$SCRATCH"
	expect_status 2
}

test_build_on_a_terminal() {
	local arguments words
	# shellcheck disable=SC2016
	many 'sleep $index; exit 3' --arg count 2 -j 1 --keep-going
	printf '#!/bin/sh\nexec env NIX_REMOTE=daemon NIX_BUILD_SHELL_JAVA_HOME=%q %q "$@"\n' "$JDK" "$TOOL" >"$USER_HOME/nbs"
	chmod 755 "$USER_HOME/nbs"
	start_terminal nbs="$USER_HOME/nbs"
	printf -v words '%q ' "${arguments[@]}"
	types "\$nbs build $words; echo status=\$?"
	shows 'enter which\? \[1-2, or nothing to leave\]'
	local number
	for number in 2 1; do
		types "$number"
		shows '(many-1.0|bash).*[$] $'
		types 'echo entered-$(<who); exit'
		shows 'or nothing to leave\] $'
	done
	shows "^entered-$T 0"
	shows "^entered-$T 1"
	types ''
	shows 'build again\? \[y/N\]'
	types n
	shows 'status=(1|100)$'
	# The terminal's keys are the program's.
	types '$nbs --using sleep build 1234; echo ended=$?'
	eventually pgrep -x -f 'sleep 1234' >/dev/null || fail "no program runs"
	keys C-\\
	shows 'build again\? \[y/N\] $'
	types n
	shows '^ended=131$'
	if on_screen 'thread dump'; then fail "the JVM prints its threads"; fi
	# Without a directory, the newest are offered.
	types '$nbs; echo chosen=$?'
	shows '[1-9]: many-1.0 failed, [0-9]+[sm] ago'
	types ''
	shows 'chosen=0$'
}
