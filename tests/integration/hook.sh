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
	[[ $(stat -c %a%U "$manifest" "$dir/.nix-build-shell" "$dir/.nix-build-shell/state.bash") == 644nixbld*755nixbld*600nixbld* ]] || fail "other modes"
	[[ $(ls -A "$dir/.nix-build-shell") == manifest.json$'\n'state.bash ]] || fail "more files"
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
	if [[ $EUID -eq 0 ]]; then
		grep -q '^declare -- unit="main.c"' "$dir/.nix-build-shell/state.bash" || fail "no local"
	fi
	! as_user cat "$dir/.nix-build-shell/state.bash" >/dev/null 2>&1 || fail "every user reads the state"
}

test_structured_attributes() {
	hooked structured
	valid "$manifest"
	expect_field 'm["structuredAttrs"]' true
	expect_field 'sorted(m["outputs"])' '["dev", "out"]'
	expect_field 'm["outputs"]["out"].endswith("-structured-0.1")' true
	expect_field 'm["command"]["text"]' 'ls /nonexistent-$unit'
}

test_fixed_output() {
	hooked fixed
	valid "$manifest"
	expect_field '[m["fixedOutput"],m["exitCode"],"command" in m]' '[true, 5, false]'
	expect_log 'nix-build-shell: buildPhase of fixed-0.1 failed with exit code 5'
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
