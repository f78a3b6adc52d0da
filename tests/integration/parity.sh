# shellcheck shell=bash
# The tool's sandbox is Nix's own, fact by fact, but for what tests/parity/differences lists: with the Nix of
# this machine, and with those of Debian 13 and sid.

test_a_plain_build() { same_as_nix plain; }

test_a_plain_build_of_nix_2_26() {
	enter_world debian13
	same_as_nix plain
}

test_a_plain_build_of_today_s_nix() {
	enter_world sid
	same_as_nix plain
}

structured='{ __structuredAttrs = true; stdenv = "/none"; words = [ "two words" "x" ]; number = 3; }'
test_structured_attributes() { same_as_nix structured "$structured"; }

test_structured_attributes_of_nix_2_26() {
	enter_world debian13
	same_as_nix structured "$structured"
}

test_structured_attributes_of_today_s_nix() {
	enter_world sid
	same_as_nix structured "$structured"
}

test_attributes_passed_as_files() {
	same_as_nix passAsFile '{ passAsFile = [ "text" ]; text = "of a file"; }'
}

fixed='{ outputHashMode = "flat"; outputHashAlgo = "sha256"; outputHash = "'$(printf '0%.0s' {1..64})'"; }'
test_a_fixed_output_build() { same_as_nix fixed "$fixed"; }

test_a_fixed_output_build_of_nix_2_26() {
	enter_world debian13
	same_as_nix fixed "$fixed"
}

test_a_fixed_output_build_of_today_s_nix() {
	enter_world sid
	same_as_nix fixed "$fixed"
}

# The paths of its outputs are known only after it was built.
test_a_content_addressed_build() {
	enter_world debian13
	same_as_nix floating '{ __contentAddressed = true; outputHashMode = "recursive"; outputHashAlgo = "sha256";
		outputs = [ "out" "dev" ]; }'
}

# With inputs, another derivation is built: Nix puts their paths into it first.
test_a_content_addressed_build_with_inputs() {
	enter_world debian13
	same_as_nix resolved '{ __contentAddressed = true; outputHashMode = "recursive"; outputHashAlgo = "sha256";
		input = derivation { name = "input"; system = builtins.currentSystem; builder = "${builtins.storePath '"$BASH_PATH"'}/bin/bash";
			args = [ "-c" "echo >$out" ]; }; }'
}

test_an_impure_build() {
	enter_world debian13
	same_as_nix impure '{ __impure = true; impureEnvVars = [ "NIX_REMOTE" ]; }'
}

test_a_build_for_a_system_of_32_bits() { same_as_nix 32bit '{ system = "i686-linux"; }'; }

# A file and a directory are mounted; a link is copied by newer Nix, which an older one follows.
sandbox_paths() {
	mkdir -p "$SCRATCH/shown/directory"
	ln -sfn directory "$SCRATCH/shown/link"
	echo content >"$SCRATCH/shown/directory/file"
	chmod -R a+rX "$SCRATCH/shown"
	tool_env=(NIX_CONFIG="$(config_of_sandbox_paths)")
	same_as_nix sandboxPaths
}

test_sandbox_paths() {
	[[ $EUID -eq 0 ]] || skip "only a trusted user can build with own sandbox-paths"
	sandbox_paths
}

test_sandbox_paths_of_nix_2_26() {
	enter_world debian13
	sandbox_paths
}

# Root of 65536 users, which only root can give: an ordinary user is told so.
range='{ requiredSystemFeatures = [ "uid-range" ]; }'
test_a_build_with_uid_range() {
	enter_world debian13
	if [[ $WHO == root ]]; then
		same_as_nix uidRange "$range"
	else
		run nbs "$(real_build uidRange "$range")" true
		expect_status 125
		expect_err uid-range 65536
	fi
}

test_a_kept_failure_of_nix_2_26_is_entered() {
	enter_world debian13
	local dir
	dir=$(kept plain)
	[[ $dir == */build ]] || fail "Nix 2.26 keeps the directory build in another one; here it is $dir"
	run nbs "$dir" bash -c 'echo $HOME; pwd; cat plain-1.0/obj/main.o; echo $greeting; mkdir $out && echo made'
	expect_status 0
	expect_out $'/homeless-shelter\n/build\nobject\nhello, world\nmade'
	run nbs "${dir%/build}" pwd
	expect_out /build
}

# The comparison itself: a fact more or less, and a rule for nothing.
test_another_difference_is_found() {
	same_as_nix plain
	local list=$TOP/tests/parity/differences words=("$WHO" plain "nix-$(nix_version)") fact
	fact=$(grep '^status NoNewPrivs' "$T/tool")
	grep -vxF "$fact" "$T/tool" >"$T/less"
	run judge "$list" "$T/nix" "$T/less" "${words[@]}"
	expect_status 1
	grep -qxF -e "-$fact" "$T/out" || fail "what is missing is not said"
	run judge "$list" "$T/less" "$T/tool" "${words[@]}"
	expect_status 1
	grep -qxF -e "+$fact" "$T/out" || fail "what is new is not said"
	local rule
	for rule in '[+]status NoNewPrivs:.*' 's,^status NoNewPrivs: 0,&,'; do
		{ cat "$list" && echo "$WHO|$rule"; } >"$T/list"
		run judge "$T/list" "$T/nix" "$T/tool" "${words[@]}"
		expect_status 1
		expect_out "no longer a difference: $rule"
		sed -i '$s/.*|/nix-1.0|/' "$T/list"
		judge "$T/list" "$T/nix" "$T/tool" "${words[@]}" || fail "a rule for another Nix"
	done
}
