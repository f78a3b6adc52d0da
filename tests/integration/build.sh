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

at_home() (cd "$USER_HOME" && nbs "$@")

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
	if [[ -z $world_name ]]; then
		echo "import ${arguments[0]}" >"$USER_HOME/default.nix"
		arguments=("${arguments[@]:1}")
	fi
	run at_home --no-shell build "${arguments[@]}" </dev/null
	kept_now
	[[ $status -eq 1 || $status -eq 100 ]] || fail "status $status"
	expect_out ''
	dir=$(kept_directory "$T/err")
	expect_err 'buildPhase of plain-1.0 failed' "enter it with: nix-build-shell ${dir%/build}"
	expect_valid_json "${arguments[@]}"
}

# expect_valid_json ARGUMENT...: of a build that fails.
expect_valid_json() {
	run at_home --json build "$@" </dev/null
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
	local arguments nix using
	for nix in '' sid; do
		[[ -z $nix ]] || enter_world "$nix"
		# shellcheck disable=SC2016
		many 'case $index in 1) sleep 2; exit 3 ;; *) echo waiting; sleep 60 ;; esac' --arg count 3 -j 3
		run nbs build "${arguments[@]}" <<<'echo "entered $(<who)"'
		kept_now
		[[ $(<"$T/out") == *"entered $T 1" ]] || fail "another one is entered"
		[[ $(grep -cx 'nix-build-shell: many-1.0 was stopped, since another build failed' "$T/err") -eq 2 ]] ||
			fail "the siblings are not said to be stopped"
		# Of each kind one. A program of another name says nothing of what it builds, so it runs where no other test builds.
		using='nix-build'
		if [[ -n $nix ]]; then
			using=$USER_HOME/nixos-rebuild
			printf '#!/bin/sh\nexec nix-build "$@"\n' >"$using"
			chmod 755 "$using"
		fi
		# shellcheck disable=SC2016
		many 'case $index in 0) echo $who >$out ;; 1) exit 3 ;; 2) sleep 60 ;; esac' --arg count 3 -j 3 --keep-going \
			--option timeout 3 --arg extra "index: if index != 0 then { } else {
				outputHashMode = \"flat\"; outputHashAlgo = \"sha256\"; outputHash = \"$(printf '%064d' 0)\"; }"
		run nbs --json --using "$using" build "${arguments[@]}" </dev/null
		kept_now
		expect_ends
	done
	# They end at once, and a rebuild's logs are as old as the first's: only what was seen tells them apart.
	# shellcheck disable=SC2016
	many 'while ((EPOCHSECONDS % 2)); do sleep 0.01; done; exit 3' --arg count 3 -j 3 --keep-going
	for _ in 1 2; do
		run nbs --json --using nix-build build "${arguments[@]}" </dev/null
		expect_own_derivations
	done
}

# expect_own_derivations: of three failures, each has the derivation that says who it is.
expect_own_derivations() {
	python3 - "$T/out" "$world_files" <<-'END' || fail "other derivations: $(<"$T/out")"
		import json, sys
		said = json.load(open(sys.argv[1]))["failures"]
		assert len(said) == 3, said
		for each in said:
		    who = open(sys.argv[2] + each["directory"] + "/build/who").read().strip()
		    assert f'("who","{who}")' in open(sys.argv[2] + each["derivation"]).read(), each
	END
}

expect_ends() {
	python3 - "$T/out" <<-'END' || fail "other ends: $(<"$T/out")"
		import json, sys
		said = json.load(open(sys.argv[1]))["failures"]
		assert sorted((each["end"], each["what"]) for each in said) == [
		    ("failed", "many-1.0 failed"),
		    ("refused", "the output of many-1.0 has another hash than its derivation says"),
		    ("stopped", "many-1.0 was stopped: it took too long or wrote too much (timeout, max-silent-time, max-log-size)"),
		], "\n".join(f"{each['end']}: {each['what']}" for each in said)
		assert said[2]["end"] == "stopped", said
	END
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

# of_other_machine SCHEME: the environment in which builds with the feature `elsewhere` go to another machine.
of_other_machine() {
	tool_env=(PATH="$T/bin:$USER_PATH" OTHER_MACHINE="$T/other" NIX_REMOTE="$T/here" NIX_CONFIG="build-users-group =
		builders = $1://alice@far x86_64-linux,aarch64-linux - 1 1 elsewhere elsewhere
		extra-experimental-features = nix-command")
}

# A real remote build: its machine is another store, and ssh a script that leads there.
another_machine() {
	local root
	mkdir -p "$T/bin"
	cp "$SCRATCH/fixtures/ssh" "$T/bin/"
	rm -rf "$T/here" "$T/other"
	user_dir "$T/here"
	user_dir "$T/other"
	as_user mkdir -p "$T/other/tmp" "$T/other/root"
	for root in "$T/here" "$T/other/root"; do
		as_user NIX_REMOTE="$root" nix-store --add "$SCRATCH/inputs/bash-5.2" >/dev/null
		as_user NIX_REMOTE="$root" nix-store --add "$SCRATCH/inputs/tools-1.0" >/dev/null
	done
	many 'exit 3' --arg extra '{ requiredSystemFeatures = [ "elsewhere" ]; }'
	of_other_machine ssh
	run nbs build "${arguments[@]}" </dev/null
	[[ $status -eq 1 || $status -eq 100 ]] || fail "status $status"
	grep -qE "^nix-build-shell: many-1.0 left no directory here; it may have been built on ssh://alice@far, where its directory is: ssh -t alice@far nix-build-shell $T/other/[a-z0-9/A-Z.-]+\$" "$T/err" ||
		fail "the machine is not told"
}

test_a_failure_on_another_machine() {
	local arguments
	another_machine
	enter_world sid
	another_machine
	# By ssh-ng both machines tell of the build.
	arguments=(-f "${arguments[@]/--no-out-link/--no-link}")
	of_other_machine ssh-ng
	run nbs build "${arguments[@]}" </dev/null
	expect_err 'many-1.0 was built on ssh-ng://alice@far, where its directory would be: ssh alice@far'
}

# Nix waits for another user's build of the same derivation, and then builds itself.
test_another_users_build_of_the_same_derivation() {
	local arguments other=(as_user)
	many 'echo begun; sleep 5; exit 3'
	if [[ $EUID -eq 0 ]]; then other=(setpriv --reuid=nobody --regid=nogroup --clear-groups env -i PATH="$USER_PATH"); fi
	"${other[@]}" NIX_REMOTE=daemon nix-build --keep-failed "${arguments[@]}" >"$T/other" 2>&1 </dev/null &
	eventually grep -q '^begun' "$T/other" || fail "the other's build does not begin"
	run nbs --no-shell build "${arguments[@]}" </dev/null
	wait
	kept_now
	kept_directories "$T/other" >>"$SCRATCH/kept-directories"
	expect_err "$(kept_directory "$T/other") is another build's of the same derivation, which ended before"
	[[ $(grep 'enter it with: ' "$T/err") == *" $(kept_directory "$T/err")" ]] || fail "the other's build is offered"
}

test_failures_that_leave_nothing() {
	run nbs build -E 'throw "never"' </dev/null
	expect_status 1
	expect_err 'never' 'no build failed here'
	# Where Nix tells what it builds; beside a failure that leaves a directory.
	enter_world sid
	run nbs --no-shell build --extra-experimental-features nix-command --impure --no-link --keep-going -j 2 --expr "[
		(import $SCRATCH/fixtures/matching.nix { bash = \"$BASH_PATH\"; tools = \"$TOOLS_PATH\"; salt = \"$T\"; script = \"exit 3\"; })
		(derivation { name = \"fetched-$RANDOM\"; builder = \"builtin:fetchurl\"; system = \"builtin\"; url = \"file:///nowhere\";
			outputHashMode = \"flat\"; outputHashAlgo = \"sha256\"; outputHash = \"$(printf '%064d' 0)\"; }) ]" </dev/null
	expect_err 'is made by a part of Nix itself (builtin:fetchurl), which leaves no directory' 'many-1.0 failed'
	if grep -q 'no build failed here' "$T/err"; then fail "a build failed"; fi
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

# asks_again: the tool asks whether to build again. Before that it offers what failed meanwhile, be it a build of the other lane.
asks_again() {
	local asks='build again\? \[y/N\] $' which='or nothing to leave\] $'
	shows "$asks|$which|[$] \$"
	if on_screen "$which"; then
		types ''
	elif ! on_screen "$asks"; then
		types exit
	fi
	shows "$asks"
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
	types clear
	types '$nbs --using sleep build 1234; echo ended=$?'
	eventually pgrep -x -f 'sleep 1234' >/dev/null || fail "no program runs"
	keys C-\\
	asks_again
	types y
	eventually pgrep -x -f 'sleep 1234' >/dev/null || fail "it does not run again"
	keys C-\\
	asks_again
	types n
	shows '^ended=131$'
	if on_screen 'thread dump'; then fail "the JVM prints its threads"; fi
	# Of what Ctrl-C stops, one directory is private, and no shell opens.
	many 'echo begun; sleep 60' --arg count 2 -j 2
	printf -v words '%q ' "${arguments[@]}"
	types clear
	types "\$nbs build $words; echo ended=\$?"
	shows '^begun$'
	keys C-c
	shows '^ended=(1|130)$'
	if on_screen 'build again|enter which|the working copy is'; then fail "it goes on"; fi
	screen >"$T/err"
	expect_err 'interrupted: only root can enter what that left: sudo nix-build-shell /'
	types '$nbs list | grep -c "not readable for you"'
	shows '^[1-9][0-9]*$'
	# Without a directory, the newest are offered.
	types '$nbs; echo chosen=$?'
	shows '[1-9]: many-1.0 failed, [0-9]+[sm] ago'
	types ''
	shows 'chosen=0$'
}
