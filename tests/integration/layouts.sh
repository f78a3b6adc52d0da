# shellcheck shell=bash
# Layouts of kept directories that no Nix here makes: directories made for the test, in the places of Nix and Lix.

LIX=0123456789abcdfghijklmnpqr

# laid_out DIRECTORY: a kept directory there, which the tool can read, in $dir.
laid_out() {
	top=$T/${1%%/*}
	dir=$T/$1
	mkdir -p "$dir"
	{
		printf 'declare -x PATH="%s/bin"\n' "$TOOLS_PATH"
		printf 'declare -x SHELL="%s/bin/bash"\n' "$BASH_PATH"
		printf 'declare -x NIX_BUILD_TOP="%s"\n' "${2:-/build}"
	} >"$dir/env-vars"
	owned
}

owned() { if [[ $EUID -eq 0 ]]; then chown -R "$TEST_USER:" "$top"; fi; }

# shows_env_vars: $dir is entered, and the build directory is in it.
shows_env_vars() { prints env-vars ls -A; }

test_nix_2_30() {
	laid_out nix-build-probe-1.0.drv-17-0/build
	shows_env_vars
	dir=${dir%/build}
	shows_env_vars
}

test_lix() {
	laid_out "b/$LIX/b"
	shows_env_vars
	if [[ $WHO == user ]]; then
		tool_env=(NIX_CONFIG="build-dir = $T/b")
		prints_of_lix "$LIX"
	fi
	# Where Lix may not write to its own place.
	mv "$T/b" "$T/nix-builds-1000-$LIX"
	dir=$T/nix-builds-1000-$LIX/$LIX/b
	if [[ $WHO == user ]]; then
		tool_env=(TMPDIR="$T")
		prints_of_lix "$LIX"
	fi
	dir=${dir%/b}
	prints_of_lix "$dir"
	prints 755 stat -c %a /etc
}

# prints_of_lix DIR: entered, and -v says what differs.
prints_of_lix() {
	run nbs -v "$1" ls -A
	expect_status 0
	expect_out env-vars
	expect_err "the directory has Lix's layout" 'ENOSYS' 'pasta'
}

test_external_builders() {
	laid_out nix-4711-1/build
	# A build of the other lane can end at the very time when this directory was changed.
	tool_env=(NIX_LOG_DIR="$T/no-logs")
	rm "$dir/env-vars"
	: >"$dir/file"
	printf '{"builder":"%s","args":["-c","echo $A"],"env":{"A":"it'\''s","PATH":"%s"},"system":"x86_64-linux",
		"inputPaths":["%s","%s"],"outputs":{}}' "$BASH_PATH/bin/bash" "$TOOLS_PATH/bin" "$BASH_PATH" "$TOOLS_PATH" >"$T/nix-4711-1/build.json"
	dir=$T/nix-4711-1
	owned
	# shellcheck disable=SC2016
	prints "it's env-vars file" "$BASH_PATH/bin/bash" -c 'echo $A $(ls)'
	expect_err build.json
	run nbs --builder "$dir/build"
	expect_status 0
	expect_out "it's"
	echo '{"builder":' >"$dir/build.json"
	run nbs "$dir" true
	expect_status 125
	expect_err 'build.json is ignored'
}

test_sandbox_build_dir() {
	tool_env=(NIX_CONFIG='sandbox-build-dir = /work/here')
	laid_out nix-4711-2/build /work/here
	prints /work/here pwd
	prints 2 grep -c user:/work/here: /etc/passwd
	run nbs --sandbox-path /work=/etc "$dir" true
	expect_status 125
	expect_err "/work is the sandbox's own"
	run nbs "$dir" test -e /build
	expect_status 1
	if grep -q NIX_BUILD_TOP "$T/err"; then fail "it had a sandbox"; fi
	# A build from before the setting.
	laid_out nix-4711-3/build /build
	prints /build pwd
}

# failing TEXT: a build that writes this text and fails, in $dir.
failing() {
	# shellcheck disable=SC2016
	as_user NIX_REMOTE=daemon nix-build --keep-failed --no-out-link --argstr bash "$BASH_PATH" --argstr text "$1" --argstr salt "$T" -E '
		{ bash, text, salt }: derivation {
			name = "phased-1.0"; system = builtins.currentSystem; inherit text salt;
			builder = "${builtins.storePath bash}/bin/bash"; args = [ "-c" "echo \"$text\"; : >file; exit 3" ];
		}' >"$T/log" 2>&1 </dev/null && fail "it was to fail"
	dir=$(kept_directory "$T/log")
	[[ -d $dir ]] || fail "$(<"$T/log")"
	printf '%s\n' "$dir" >>"$SCRATCH/kept-directories"
}

test_the_phase_is_known_from_the_log() {
	failing '@nix { "action": "setPhase", "phase": "buildPhase" }'
	run nbs "$dir" "$BASH_PATH/bin/bash" -c :
	expect_status 0
	if grep -q buildPhase "$T/err"; then fail "a plain command needs no phase"; fi
	echo exit >"$T/in"
	run nbs_on_terminal "$dir" <"$T/in"
	grep -q 'buildPhase of phased-1.0 failed' "$T/out" || fail "no phase: $(<"$T/out")"
}
