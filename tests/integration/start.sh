# shellcheck shell=bash
# How a build begins: one that failed before it wrote anything, the builder once more from nothing, and the
# variables that stdenv's setup makes.
# shellcheck source=tests/lib/hook.sh
source "$TOP/tests/lib/hook.sh"

# drv NAME: the derivation that left the kept directory.
drv() {
	local arguments
	mapfile -d '' arguments < <(selected "$1" "$SCRATCH ${LANE:-}")
	as_user nix-instantiate "${arguments[@]}" 2>/dev/null
}

test_a_build_that_wrote_nothing() {
	dir=$(kept nothing)
	[[ -z $(ls -A "$dir") ]] || fail "the directory is not empty"
	# shellcheck disable=SC2016
	local show=("$TOOLS_PATH/bin/busybox" sh -c 'echo $colour $(ls -A)')
	prints blue "${show[@]}"
	run nbs --builder "$dir"
	expect_status 3
	dir=$T/elsewhere
	user_dir "$dir"
	run nbs --drv "$(drv nothing)" "$dir" "${show[@]}"
	expect_status 0
	expect_out blue
}

test_a_setup_that_refuses() {
	dir=$(kept refused)
	[[ -z $(ls -A "$dir") ]] || fail "the directory is not empty"
	prints "blue env-vars" bash -c 'echo $colour $(ls -A)'
	expect_err 'no licence' 'setup failed: going on with what it had set up by then'
	run nbs --builder "$dir"
	expect_status 3
}

test_a_setup_that_refuses_with_the_hook() {
	hooked refused
	[[ $(ls -A "$dir") == .nix-build-shell ]] || fail "another directory"
	prints "blue" bash -c 'echo $colour'
	expect_err 'setup failed: going on with what it had set up by then'
}

# runs_again NAME FILES: the builder fails as it did, and all others see the directory as it was left.
runs_again() {
	dir=$(kept "$1")
	run nbs --builder "$dir"
	expect_status 3
	prints "$2" "$BASH_PATH/bin/bash" -c "PATH=$TOOLS_PATH/bin; ls; ls -d \$out 2>/dev/null | wc -l"
}

test_the_builder_starts_from_nothing() {
	runs_again started $'env-vars\ngraph\nsource\n0'
	runs_again startedStructured $'env-vars\nsource\n0'
	runs_again begun $'env-vars\n1'
}

makes_files() {
	dir=$(kept "$1")
	run nbs -v "$dir" bash -c 'echo $CACHE $(ls $CACHE) $GZIP_NO_TIMESTAMPS; test -d $SCRATCH && echo $SCRATCH'
	expect_status 0
	[[ $(<"$T/out") =~ ^/build/cache\ kept\ 1$'\n'/build/(tmp\.[A-Za-z0-9]+)$ ]] || fail "other variables"
	expect_err "not in the kept directory, and made again by \$stdenv/setup: ${BASH_REMATCH[1]}"
	[[ $(grep -c 'the hook runs' "$T/err") -eq 1 ]] || fail "setup did not run once"
	if grep -F 'structuredAttrs is enabled' "$T/err"; then fail "the setup script is heard"; fi
	run nbs_on_terminal "$dir" < <(printf 'ls; exit\n')
	no_files_below "$USER_HOME" "a session without a change is left"
}

test_a_setup_hook_that_makes_files() {
	makes_files making
	makes_files makingStructured
}
