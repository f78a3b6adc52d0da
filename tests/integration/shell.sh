# shellcheck shell=bash
# The shell at the failure, and its phases from outside: greeting, line editing, history, sessions by their short names.
# (What it does with each kind of build: FailureShellTest; what stands in its way: ShellDirectoryTest.)

# On a terminal: the caller arrives, sees why, mends it, comes back, and finds what was typed.
test_arrive_mend_and_come_back() {
	local session
	dir=$(kept mendable)
	snapshot "$dir" >"$T/before"
	open_terminal_with nbs
	types '$nbs $dir'
	shows '^mendable-1.0 buildPhase:~?/[^ ]*\$ $'
	on_screen '^nix-build-shell: buildPhase of mendable-1.0 failed' || fail "the greeting does not say what failed"
	on_screen '^nix-build-shell:   \| looking for a file$' || fail "the greeting has no lines of the log"
	on_screen "^nix-build-shell: the working copy is $USER_HOME/.*/mendable-1.0-[0-9a-z]{4}/build" || fail "nor where the copy is"
	[[ $(screen | grep -c '^nix-build-shell: ') -le 11 ]] || fail "too long a greeting"
	# Line editing: the first letter comes last.
	keys -l 'cho edited-$((1 + 1))'
	keys C-a
	types e
	keys Enter
	shows '^edited-2$'
	types 'retry && echo passed-$((1 + 1)); echo "$? $SHELL"'
	shows "^3 $BASH_PATH/bin/bash\$"
	if on_screen '^passed-2'; then fail "the phase passed"; fi
	types ': >mended; retry && echo passed-$((2 + 2))'
	shows '^passed-4$'
	types exit
	shows 'come back with  nix-build-shell mendable-1.0-....$'
	session=$(screen | sed -n 's/.*come back with  nix-build-shell //p')
	local said
	said=$(screen | grep -c 'nix-build-shell: ')
	types "\$nbs -q $session"
	types 'echo back-$((40 + 2))'
	shows '^back-42$'
	[[ $(screen | grep -c 'nix-build-shell: ') -eq $said ]] || fail "-q is not quiet"
	keys Up Up Up
	shows '[$] : >mended; retry'
	keys C-c
	types 'ls mended; exit'
	shows '^mended$'
	[[ $(snapshot "$dir") == "$(<"$T/before")" ]] || fail "the kept directory has changed"
	[[ $(stat -c %a "$USER_HOME"/.local/state/nix-build-shell/.history/mendable-1.0) == 600 ]] || fail "others may read the history"
}

# open_terminal_with NAME: a terminal that has the tool as `$NAME` and the directory as $dir.
open_terminal_with() {
	{
		echo '#!/bin/sh'
		printf 'exec env NIX_BUILD_SHELL_JAVA_HOME=%q %q "$@"\n' "$JDK" "$TOOL"
	} >"$USER_HOME/$1"
	chmod 755 "$USER_HOME/$1"
	start_terminal dir="$dir" "$1=$USER_HOME/$1"
}

# From outside: of a kept directory in a fresh copy, in a session in place; the report is JSON alone.
test_retry_and_path() {
	local build session
	dir=$(kept mendable)
	snapshot "$dir" >"$T/before"
	run nbs retry "$dir"
	expect_status 3
	grep -qxF 'looking for a file' "$T/out" || fail "the phase is not heard"
	expect_err 'buildPhase failed with exit code 3'
	no_files_below "$USER_HOME" "a copy is left"
	run nbs retry --json "$dir"
	expect_status 3
	valid_report
	grep -qxF 'looking for a file' "$T/err" || fail "the phase's output is not on stderr"
	run nbs path "$dir"
	expect_status 0
	build=$(<"$T/out")
	session=${build%/build}
	run nbs path "${session##*/}"
	expect_out "$build"
	run nbs path "$dir"
	expect_out "$build"
	run nbs retry "${session##*/}"
	expect_status 3
	: >"$build/mendable-1.0/mended"
	run nbs retry --json "${session##*/}"
	expect_status 0
	valid_report
	run nbs retry --phase installPhase "$session"
	expect_status 0
	run nbs "${session##*/}" bash -c 'cat $out/made'
	expect_out made
	[[ $(snapshot "$dir") == "$(<"$T/before")" ]] || fail "the kept directory has changed"
}

# valid_report: stdout is what the schema describes, and says of the phase what is true.
valid_report() {
	/usr/bin/python3 - "$TOP/docs/retry.schema.json" "$T/out" "$status" <<-'END' || fail "no such report: $(<"$T/out")"
		import json, sys, jsonschema
		schema, report = (json.load(open(f, encoding="utf-8")) for f in sys.argv[1:3])
		jsonschema.Draft202012Validator.check_schema(schema)
		jsonschema.Draft202012Validator(schema).validate(report)
		assert report["phase"] == "buildPhase" and report["status"] == int(sys.argv[3]), report
		assert "looking for a file" in report["log"], report
		assert report["status"] == 0 or (report["command"].endswith("exit 3'") and report["line"] == 2), report
	END
}
