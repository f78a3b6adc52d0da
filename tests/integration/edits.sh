# shellcheck shell=bash
# Work in the sandbox: the tools that the caller brings, and what leaves it as a patch.

# A package of the store, and one that Nix builds first: behind the build's own programs, also in a session.
test_programs_that_the_caller_brings() {
	local brought=$T/nbs-brought flake=$T/flake session
	mkdir -p "$brought/bin"
	# shellcheck disable=SC2016
	printf '#!%s/bin/bash\necho "brought $1"\n' "$BASH_PATH" | tee "$brought/bin/brought" >"$brought/bin/cat"
	chmod 755 "$brought"/bin/*
	user_dir "$flake"
	cp -R "$brought" "$flake/programs"
	mv "$flake/programs/bin/brought" "$flake/programs/bin/built"
	cp "$TOOLS_PATH/bin/busybox" "$flake/"
	cat >"$flake/flake.nix" <<-END
		{
		  outputs = { self }: {
		    built = derivation {
		      name = "nbs-built";
		      system = "$(uname -m)-linux";
		      builder = "\${self}/busybox";
		      args = [ "cp" "-R" "\${self}/programs" (placeholder "out") ];
		    };
		  };
		}
	END
	brought=$(as_user NIX_REMOTE=daemon nix-store --add "$brought")
	dir=$(kept readable)
	# shellcheck disable=SC2016
	run nbs --with "$brought/bin/brought" --with "path:$flake#built" "$dir" bash -c 'brought 1; built 2; echo 3 | cat; echo "$PATH"'
	expect_status 0
	printf '%s\n' 'brought 1' 'brought 2' 3 | cmp - <(head -n 3 "$T/out") || fail "other programs"
	[[ $(tail -n 1 "$T/out") == "$TOOLS_PATH/bin:$BASH_PATH/bin:$brought/bin:/nix/store/"*-nbs-built/bin ]] || fail "another PATH"
	nbs_on_terminal --with "$brought" "$dir" < <(printf 'brought 4 >$NIX_BUILD_TOP/brought; exit\n')
	session=$(find "$USER_HOME" -path '*/build/brought' -exec grep -l 'brought 4' {} +)
	run nbs "${session%/build/brought}" brought 5
	expect_status 0
	expect_out 'brought 5'
	run nbs --with /nix/store/00000000000000000000000000000000-gone "$dir" true
	expect_status 125
	expect_err 'cannot use --with /nix/store/00000000000000000000000000000000-gone'
}
