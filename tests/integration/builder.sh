# shellcheck shell=bash
# Builders of every kind: how a command comes to run, and the builder once more with --builder.

test_busybox_runs_the_command() {
	dir=$(kept foreign)
	prints foreign "$TOOLS_PATH/bin/cat" file
	prints "foreign-1.0 /homeless-shelter /build" "$TOOLS_PATH/bin/busybox" sh -c 'echo $name $HOME $PWD'
	prints here /bin/sh -c 'echo here'
	prints $'a b\n'$'\xff' "$TOOLS_PATH/bin/printf" '%s\n' 'a b' $'\xff'
	run nbs "$dir" /nonexistent
	expect_status 127
	run nbs "$dir" "$TOOLS_PATH"
	expect_status 126
	run nbs_on_terminal "$dir" < <(printf 'echo "$name in $0"; touch new; exit 7\n')
	expect_status 7
	grep -q '^foreign-1.0 in ' "$T/out" || fail "no shell"
	# Changed, it is kept; and it can be come back to.
	session=$(sed -n 's/.*come back with  nix-build-shell \(.*\)/\1/p' "$T/out" | tr -d '\r')
	run nbs "$session" "$TOOLS_PATH/bin/busybox" sh -c 'echo $name; ls'
	expect_out $'foreign-1.0\nfile\nnew'
}

test_a_program_without_any_shell() {
	dir=$(kept program)
	run nbs "$dir" cat /proc/self/environ
	expect_status 0
	cmp "$T/out" "$dir/environment" || fail "another environment"
	prints $'a\n\xff' printf 'a\n%s\n' $'\xff'
	run nbs "$dir" cat /nonexistent
	expect_status 1
	run nbs "$dir" nonexistent
	expect_status 127
	expect_err 'cannot run nonexistent' ENOENT
	run nbs "$dir" /build/arguments
	expect_status 126
	expect_err 'cannot run /build/arguments' EACCES
	run nbs "$dir" test -e /bin/sh
	expect_status 1
	run nbs "$dir"
	expect_status 125
	expect_err 'cannot start a shell' 'name a command' --builder
}

test_a_script_runs_in_its_interpreter() {
	dir=$(kept script)
	prints 'an argument' "$TOOLS_PATH/bin/cat" file
	prints "$BASH_PATH/bin/bash" "$BASH_PATH/bin/bash" -c 'echo $SHELL'
}

# again NAME LINE: --builder ends as the build did, says LINE, and leaves the kept directory alone.
again() {
	local before
	dir=$(kept "$1")
	before=$(snapshot "$dir")
	run nbs --builder "$dir"
	expect_status 3
	expect_err "nix-build-shell: the builder: $2"
	[[ $(snapshot "$dir") == "$before" ]] || fail "the kept directory has changed"
}

test_the_builder_again() {
	again foreign "$TOOLS_PATH/bin/busybox sh -ec 'echo foreign >file; exit 3'"
	again script "/nix/store/"
	again bare "$BASH_PATH/bin/bash -ec"
	again plain "$BASH_PATH/bin/bash -ec 'source \$stdenv/setup; genericBuild'"
	expect_out $'Running phase: unpackPhase\nRunning phase: patchPhase\nRunning phase: configurePhase\nRunning phase: buildPhase\ncompiling main.c'
	again readable "$BASH_PATH/bin/bash -ec 'source \$stdenv/setup; genericBuild'"
}

test_its_arguments_and_environment_again() {
	again program "$TOOLS_PATH/bin/env $BASH_PATH/bin/bash -c "
	cat "$dir/environment" "$dir/arguments" >"$T/expected"
	cmp "$T/out" "$T/expected" || fail "others than in the build"
	[[ $(tr '\0' '\n' <"$dir/arguments") == "$(<"$TOP/tests/fixtures/not-utf8")"$'\n'"it's"* ]] || fail "other arguments"
}

test_what_cannot_be_asked_for() {
	dir=$(kept foreign)
	run nbs --builder "$dir" true
	expect_status 2
	expect_err --builder COMMAND
	dir=$T/nix-build-never-was-1.0.drv-0
	user_dir "$dir"
	printf 'declare -x SHELL="%s/bin/bash"\n' "$BASH_PATH" >"$dir/env-vars"
	chmod 644 "$dir/env-vars"
	run nbs --builder "$dir"
	expect_status 125
	expect_err 'no derivation is found' --drv
}

# By the assignment /bin/sh is the build's own shell; --bin-sh nix and --builder have what Nix gives.
test_bin_sh_is_the_builds_or_nixs() {
	dir=$(kept binSh)
	prints 'from sh' /bin/sh -c 'echo from sh'
	run nbs --bin-sh nix "$dir" bash -c '/bin/sh -c "echo from sh"'
	expect_status 127
	expect_err '/bin/sh: No such file or directory'
	! grep -q 'log complains' "$T/err" || fail "a plain COMMAND reads the log"
	again binSh "$BASH_PATH/bin/bash -ec"
	! grep -q 'from sh' "$T/out" || fail "the builder had a /bin/sh"
	run nbs_on_terminal "$dir" < <(echo exit)
	grep -q 'the build log complains about /bin/sh.*--bin-sh nix' "$T/out" || fail "no word about /bin/sh"
	tool_env=(NIX_CONFIG="sandbox-paths = /bin/sh=$TOOLS_PATH/bin/busybox")
	run nbs --bin-sh nix "$dir" sh -c 'cmp /bin/sh "$0"' "$TOOLS_PATH/bin/busybox"
	expect_status 0
}

# A derivation whose builder is /bin/sh has the one that Nix's sandbox-paths give.
test_the_builder_is_the_systems_shell() {
	local arguments config
	[[ $EUID -eq 0 ]] || skip "only a trusted user can build with own sandbox-paths"
	config="sandbox-paths = /bin/sh=$TOOLS_PATH/bin/busybox"
	mapfile -d '' arguments < <(selected systemShell "$SCRATCH $T")
	NIX_REMOTE=daemon NIX_CONFIG=$config nix-build --keep-failed --no-out-link "${arguments[@]}" >"$T/build-log" 2>&1 || true
	dir=$(kept_directory "$T/build-log")
	printf '%s\n' "$dir" >>"$SCRATCH/kept-directories"
	run nbs "$dir" true
	expect_status 125
	expect_err 'the builder is /bin/sh' 'sandbox-paths' '--sandbox-path /bin/sh=FILE'
	no_files_below "$USER_HOME" "a session is left"
	tool_env=(NIX_CONFIG="$config")
	# shellcheck disable=SC2016
	prints 'system-shell-1.0 1' /bin/sh -c 'echo $name $(ls /nix/store | wc -l)'
	run nbs --builder "$dir"
	expect_status 3
	tool_env=()
	run nbs --sandbox-path "/bin/sh=$TOOLS_PATH/bin/busybox" "$dir" /bin/sh -c 'echo here'
	expect_status 0
	expect_out here
}
