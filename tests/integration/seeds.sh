# shellcheck shell=bash
# Failures as they come in practice, and what leads to their cause: docs/recipes.md.

# seed NAME: in $dir, what this build of tests/fixtures/seeds.nix has left. They are built at once.
seed() {
	if [[ ! -e $SCRATCH/seeds ]]; then
		! seeds nix-build -j 2 --keep-failed --keep-going --no-out-link >"$SCRATCH/seeds.new" 2>&1 </dev/null || fail "the builds did not fail"
		kept_directories "$SCRATCH/seeds.new" >>"$SCRATCH/kept-directories"
		mv "$SCRATCH/seeds.new" "$SCRATCH/seeds"
	fi
	dir=$(kept_directories "$SCRATCH/seeds" | grep -F -- "-$1-1.0.drv-" || true)
	[[ -n $dir ]] || fail "no directory of $1: $(<"$SCRATCH/seeds")"
}

# seeds COMMAND...: of Nix, with the expression as arguments.
seeds() {
	as_user NIX_REMOTE=daemon "$@" "$SCRATCH/fixtures/seeds.nix" --argstr bash "$BASH_PATH" --argstr tools "$TOOLS_PATH" \
		--argstr salt "$SCRATCH"
}

# types_there LINE...: into the shell at the failure.
types_there() {
	printf '%s\n' "$@" 'exit 0' >"$T/typed"
	run nbs_on_terminal "$dir" <"$T/typed"
	expect_status 0
	tr -d '\r' <"$T/out" >"$T/screen"
}

# says REGEX...: lines of the terminal match.
says() {
	local regex
	for regex; do
		grep -qE -e "$regex" "$T/screen" || fail "the terminal does not show: $regex"
	done
}

# The patch is in the source already: what was fetched is not what upstream has.
test_a_source_that_was_patched_while_it_was_fetched() {
	local patched fetched
	seed patched
	{ read -r patched && read -r fetched; } < <(seeds nix-instantiate -A patched -A fetched 2>/dev/null)
	# shellcheck disable=SC2016
	run nbs fresh --before patchPhase "$patched" bash -c 'cat source/numbers $src/numbers; cd source; patch --dry-run -p1 <$fix'
	expect_status 1
	[[ $(<"$T/out") == $'one\n2\nthree\none\n2\nthree\n'* ]] || fail "not the source that was fetched"
	expect_err 'Hunk 1 FAILED'
	run nbs fresh --before postFetchPhase "$fetched" bash -c 'cat $out/numbers'
	expect_status 0
	expect_out $'one\ntwo\nthree'
}

test_a_loader_that_is_not_in_the_sandbox() {
	seed prebuilt
	types_there retry
	says '^nix-build-shell: cannot start ./prebuilt: it is there, but its loader /lib64/ld-linux-x86-64.so.2 is not in the sandbox'
	run nbs "$dir" prebuilt-1.0/prebuilt
	expect_status 127
	expect_err 'cannot start prebuilt-1.0/prebuilt: it is there, but its loader /lib64/ld-linux-x86-64.so.2 is not in the sandbox'
}

test_a_tool_of_the_wrong_version() {
	seed wrong-tool
	# shellcheck disable=SC2016
	types_there 'type -ap generator' 'PATH=${PATH#*:}; retry'
	says '^nix-build-shell: +\| generator 1.0: no such option' '^/nix/store/.*/1/bin/generator$' '^/nix/store/.*/2/bin/generator$' \
		'buildPhase succeeded'
}

test_no_network() {
	seed online
	types_there
	says '^nix-build-shell: the build had no network: Nix gives one to fixed-output derivations alone'
}

test_no_home() {
	seed homeless
	# shellcheck disable=SC2016
	types_there 'export HOME=$TMPDIR; retry'
	says '^nix-build-shell: HOME is /homeless-shelter' 'buildPhase succeeded'
}

# The message has the derivation, and the command that brings it back.
test_a_store_path_that_is_missing() {
	local drv library
	seed lacking
	drv=$(as_user nix-store --query --references "$(seeds nix-instantiate -A lacking 2>/dev/null)" | grep -- '-nbs-library.drv$')
	library=$(as_user nix-store --query "$drv")
	NIX_REMOTE=local nix-store --delete --ignore-liveness "$library" >/dev/null 2>&1
	run nbs "$dir" true
	expect_status 125
	expect_err "a store path is garbage-collected: $library. Try: get it back with: nix-store --realise '$drv!out'"
	as_user NIX_REMOTE=daemon sh -c "$(sed -n 's/.*get it back with: //p' "$T/err")" >/dev/null 2>&1
	# shellcheck disable=SC2016
	prints 'a library' bash -c 'cat $library'
}

# Both roles have their variables, and the link that fails can say what it opens.
test_a_cross_build() {
	seed cross
	# shellcheck disable=SC2016
	types_there 'declare -p ${!NIX_CFLAGS_*} ${!CC*}' 'retry --trace' ': >library.a' '$CC -o main main.o library.a -Wl,--trace'
	says '^declare -x CC="riscv64-cc"' '^declare -x CC_FOR_BUILD="cc"' '^declare -x NIX_CFLAGS_COMPILE="-I/host"' \
		'^declare -x NIX_CFLAGS_COMPILE_FOR_BUILD="-I/build"' '^\++ .*: riscv64-cc -o main main.o library.a$' \
		'^nix-build-shell: buildPhase failed with exit code 3 at buildPhase:3: \$CC -o main main.o library.a$' '^library.a$'
}
