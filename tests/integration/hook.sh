# shellcheck shell=bash
# What the setup hook leaves behind a real build, and says.
# shellcheck source=tests/lib/hook.sh
source "$TOP/tests/lib/hook.sh"

expect_log() {
	grep -qxF -e "$1" "$T/log" || {
		cat "$T/log"
		fail "the log lacks: $1"
	}
}

test_manifest_of_a_real_build() {
	hooked hooked
	[[ $status -ne 0 ]] || fail "the build did not fail"
	valid "$manifest"
	expect_field 'm["name"]+m["pname"]+m["version"]' wttr-0.1wttr0.1
	expect_field 'm["phase"]' buildPhase
	expect_field 'm["exitCode"]' 1
	expect_field 'm["command"]["text"]' 'ls /nonexistent-$unit'
	expect_field '[f["function"] for f in m["command"]["stack"]][:2]' '["compile", "runPhase"]'
	expect_field 'm["cwd"]' /build/wttr-0.1/obj
	expect_field 'm["buildTop"]' /build
	expect_field 'm["shell"]' "$BASH_PATH/bin/bash"
	expect_field '[m["sandboxed"],m["fixedOutput"],m["structuredAttrs"],m["uid"],m["gid"]]' '[true, false, false, 1000, 100]'
	expect_field 'sorted(m["outputs"])' '["dev", "out"]'
	expect_field 'm["outputs"]["dev"].endswith("-wttr-0.1-dev")' true
	expect_field "{'$BASH_PATH','$TOOLS_PATH',m['stdenv']} <= set(m['storePaths'])" true
	expect_field 'any("wttr" in p for p in m["storePaths"])' false
	expect_field '[x["root"] for x in m["mounts"] if x["mountPoint"]=="/build"]' "[\"$dir\"]"
	expect_field "abs(m['time']-$(date +%s)) < 100" true
	! grep -q hunter2 "$manifest" || fail "a value of the environment is in the manifest"
	[[ $(stat -c %a%U "$manifest" "$dir/.nix-build-shell" "$dir/.nix-build-shell/"{state,phase}.bash) == 644nixbld*755nixbld*644nixbld*644nixbld* ]] || fail "other modes"
	[[ $(ls -A "$dir/.nix-build-shell") == manifest.json$'\n'phase.bash$'\n'state.bash ]] || fail "more files"
}

# To the letter: what is between Nix's own lines.
test_hint_can_be_pasted() {
	hooked hooked
	cat >"$T/expected" <<-END
		nix-build-shell: buildPhase of wttr-0.1 failed with exit code 1 in: ls /nonexistent-\$unit
		nix-build-shell: enter its sandbox with
		    nix-build-shell $dir bash
		    nix run github:example/nbs#nix-build-shell -- $dir bash
		(Nix keeps the directory only with --keep-failed)
	END
	sed -n '/^nix-build-shell: .* failed with/,/^(Nix keeps/p' "$T/log" | diff "$T/expected" - || fail "another hint"
}

test_locals_of_the_failing_function_are_in_the_state() {
	hooked hooked
	as_user cat "$dir/.nix-build-shell/state.bash" | grep -q '^declare -- unit="main.c"' || fail "no local"
}

# expect_state MODE: of state.bash, and what -v says of it.
expect_state() {
	[[ $(stat -c %a "$world_files$dir/.nix-build-shell/"{state,phase}.bash) == "$1"$'\n'"$1" ]] || fail "the state has not mode $1"
	run nbs -v "$dir" true
	case $1 in
	644) expect_err "source the state at the failure: /build/.nix-build-shell/state.bash" ;;
	600) expect_err ".nix-build-shell/state.bash is private" ;;
	esac
}

test_the_state_of_an_earlier_phase_is_there() {
	hooked lateState
	expect_state 644
	# shellcheck disable=SC2016
	prints $'1 2\nhelper y\n/build/late-state-0.1/tree/obj' \
		bash -c 'source .nix-build-shell/state.bash; set +e; echo "$FROM_CONFIGURE ${#flags[@]}"; helper y; pwd'
	hooked lateState --arg share false
	expect_state 600
}

# The daemon takes sandbox-paths from root alone.
test_a_path_of_the_host_makes_the_state_private() {
	[[ $EUID -eq 0 ]] || skip "only root can build with sandbox-paths"
	hooked_by=(as_root NIX_REMOTE=daemon NIX_CONFIG="sandbox-paths = /bin/sh=$TOOLS_PATH/bin/busybox")
	hooked lateState
	expect_state 644
	mkdir "$T/shown"
	hooked_by=(as_root NIX_REMOTE=daemon NIX_CONFIG="sandbox-paths = /etc/shown=$T/shown")
	hooked lateState
	expect_state 600
}

test_structured_attributes() {
	hooked structured
	valid "$manifest"
	expect_field 'm["structuredAttrs"]' true
	expect_field 'sorted(m["outputs"])' '["dev", "out"]'
	expect_field 'm["outputs"]["out"].endswith("-structured-0.1")' true
	expect_state 644
	expect_field 'm["command"]["text"]' 'ls /nonexistent-$unit'
}

test_fixed_output() {
	hooked fixed
	valid "$manifest"
	expect_field '[m["fixedOutput"],m["exitCode"],"command" in m]' '[true, 5, false]'
	expect_log 'nix-build-shell: buildPhase of fixed-0.1 failed with exit code 5'
	expect_state 600
}

test_captured_build_never_succeeds() {
	hooked succeeding
	[[ $status -ne 0 ]] || fail "the build succeeded"
	expect_log 'succeedOnFailure: unset'
}

test_passing_build_says_nothing() {
	hooked passing
	[[ $status -eq 0 ]] || fail "the build failed"
	! grep -q nix-build-shell: "$T/log" || fail "a hint"
}
