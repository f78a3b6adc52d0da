# shellcheck shell=bash
# Builds that fail with the setup hook: in plain bash on the fixtures' setup script, and real ones.

HOOK=${T:-}/hook-package/nix-support/setup-hook
SETUP=$TOP/tests/fixtures/stdenv/setup.sh
build_env=()

# The bashes to try: this one, the static one, and others in NIX_BUILD_SHELL_TEST_BASHES (bash 4.4, say).
bashes() {
	local other
	type -P bash bash-static
	for other in ${NIX_BUILD_SHELL_TEST_BASHES:-}; do printf '%s\n' "$other"; done
}

# Those that can load a builtin called mkdir, as nixpkgs' bash can.
bashes_that_load() {
	local bash
	while read -r bash; do
		# shellcheck disable=SC2016
		"$bash" -c 'enable -f "${BASH%/bin/*}/lib/bash/mkdir" mkdir' 2>/dev/null && printf '%s\n' "$bash"
	done < <(bashes)
}

make_hook() {
	[[ -e $HOOK ]] || {
		mkdir -p "${HOOK%/*}"
		cat "$TOP"/hooks/{state,trap,manifest,pause,nix-build-shell-hook}.sh >"$HOOK"
	}
}

# build BASH PHASE-TEXT: as buildPhase of wttr-0.1 in $T/top, with the hook unless no_hook is set, by build_as.
no_hook='' build_as=in_build
build() {
	local inputs=
	make_hook
	[[ -n $no_hook ]] || inputs=${HOOK%/nix-support/*}
	rm -rf "$T/top"
	mkdir "$T/top"
	run "$build_as" "$1" "$2" "$inputs"
}

in_build() (become_build "$@")

# Starts become_build as process 1 with a /dev/shm of its own, as in Nix's sandbox, and without build_env.
# shellcheck disable=SC2016
as_in_a_sandbox=(unshare --mount --map-root-user --pid --fork --mount-proc "$(type -P bash)" -c
'mount -t tmpfs none /dev/shm; build_env=(); become_build "$@"' -)

in_build_as_in_a_sandbox() {
	export -f become_build
	export SETUP
	"${as_in_a_sandbox[@]}" "$@"
}

become_build() {
	cd "$T/top"
	exec env -i PATH=/path-not-set HOME=/homeless-shelter NIX_BUILD_TOP="$T/top" TMPDIR="$T/top" name=wttr-0.1 \
		pname=wttr version=0.1 system=x86_64-linux out=/nix/store/0123456789abcdfghijklmnpqrsvwxyz-wttr-0.1 \
		stdenv=/nix/store/0123456789abcdfghijklmnpqrsvwxyz-stdenv SHELL="$1" initialPath=/usr T="$T" phases=buildPhase \
		nativeBuildInputs="$3" buildPhase="$2" "${build_env[@]}" "$1" -ec "source '$SETUP'; genericBuild" </dev/null
}

# hooked NAME [ARGS...]: a build of tests/fixtures/hook, with its log in $T/log; the directory that it left is
# then `dir`. The client is what `hooked_by` says.
hooked_by=(as_user)
hooked() {
	local name=$1
	shift
	rm -rf "$T/nix"
	mkdir -p "$T/nix"
	cp -R "$TOP/tests/fixtures/"{hook,stdenv} "$TOP/hooks" "$T/nix/"
	chmod -R a+rX "$T/nix"
	status=0
	"${hooked_by[@]}" nix-build --keep-failed --no-out-link "$T/nix/hook" -A "$name" --argstr bash "$BASH_PATH" \
		--argstr tools "$TOOLS_PATH" --arg hook "$T/nix/hooks" "$@" >"$T/log" 2>&1 </dev/null || status=$?
	dir=$(kept_directory "$T/log")
	if [[ -n $dir && -z $world_name ]]; then printf '%s\n' "$dir" >>"$SCRATCH/kept-directories"; fi
	manifest=$world_files$dir/.nix-build-shell/manifest.json
}

# The hint (and bash 5.2's word about its own bug), taken out of $T/err (or $T/out, where the build has joined them) into $T/hint; and what the setup
# script, under `set -x`, says of calling the hook.
take_hint() {
	LC_ALL=C sed -n '/^nix-build-shell: .* failed with/,/^(Nix keeps/p' "$T/err" "$T/out" >"$T/hint"
	LC_ALL=C sed -i -E -e '/^nix-build-shell: .* failed with/,/^\(Nix keeps/d' \
		-e '/pop_var_context/d' -e '/(_nixBuildShellFailureHook|for hook in "\$\{failureHooks.*)$/d' "$T/err" "$T/out"
}

# valid MANIFEST: against the schema.
valid() {
	/usr/bin/python3 - "$TOP/hooks/manifest.schema.json" "$1" <<-'END' || fail "$1 is not as its schema says"
		import json, sys, jsonschema
		schema, manifest = (json.load(open(f, encoding="utf-8")) for f in sys.argv[1:])
		jsonschema.Draft202012Validator.check_schema(schema)
		jsonschema.Draft202012Validator(schema).validate(manifest)
	END
}

# field MANIFEST EXPRESSION: of the manifest m, in Python; strings as the bytes that they stand for.
field() {
	/usr/bin/python3 - "$1" "$2" <<-'END'
		import json, sys
		m = json.load(open(sys.argv[1], encoding="utf-8"))
		value = eval(sys.argv[2])
		sys.stdout.buffer.write(value.encode("latin-1") if isinstance(value, str) else json.dumps(value).encode())
	END
}

# expect_field EXPRESSION VALUE
expect_field() {
	local value
	value=$(field "${manifest:-$T/top/.nix-build-shell/manifest.json}" "$1" && echo .)
	[[ ${value%.} == "$2" ]] || fail "$1 is ${value%.}, not $2"
}
