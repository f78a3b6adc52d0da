# shellcheck shell=bash
# Work in the sandbox: the tools that the caller brings, and what leaves it as a patch.

# programs: $T/programs with `brought` and a `cat` of its own, and the flake $T/flake, which builds the same with `built`.
programs() {
	local programs=$T/programs flake=$T/flake
	mkdir -p "$programs/bin"
	# shellcheck disable=SC2016
	printf '#!%s/bin/bash\necho "brought $1"\n' "$BASH_PATH" | tee "$programs/bin/brought" >"$programs/bin/cat"
	chmod 755 "$programs"/bin/*
	user_dir "$flake"
	cp -R "$programs" "$flake/"
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
}

# A package of the store, and one that Nix builds first: behind the build's own programs, also in a session.
test_programs_that_the_caller_brings() {
	local brought tracer=$T/nbs-tracer flake=$T/flake session each
	programs
	mkdir -p "$tracer/bin"
	brought=$(as_user NIX_REMOTE=daemon nix-store --add "$T/programs")
	dir=$(kept readable)
	# shellcheck disable=SC2016
	run nbs --with "$brought/bin/brought" --with "path:$flake#built" "$dir" bash -c 'brought 1; built 2; echo 3 | cat; echo "$PATH"'
	expect_status 0
	printf '%s\n' 'brought 1' 'brought 2' 3 | cmp - <(head -n 3 "$T/out") || fail "other programs"
	[[ $(tail -n 1 "$T/out") == "$TOOLS_PATH/bin:$BASH_PATH/bin:$brought/bin:/nix/store/"*-nbs-built/bin ]] || fail "another PATH"
	nbs_on_terminal --with "$brought" "$dir" < <(printf 'brought 4 >$NIX_BUILD_TOP/brought; exit\n')
	session=$(find "$USER_HOME" -path '*/build/brought' -exec grep -l 'brought 4' {} +)
	session=${session%/build/brought}
	run nbs "$session" brought 5
	expect_status 0
	expect_out 'brought 5'
	# As gdb and strace work. The session holds what comes later, too.
	compile "$tracer/bin/trace" "$TOP/tests/fixtures/trace.c"
	tracer=$(as_user NIX_REMOTE=daemon nix-store --add "$tracer")
	# shellcheck disable=SC2016
	run nbs_on_terminal --with "$tracer" "$session" < <(printf '%s\n' 'trace cat /dev/null' 'sleep 9 & trace -p $!' 'kill $!; brought 6; exit')
	grep -q '^traced' "$T/out" || fail "no program is traced"
	grep -q 'brought 6' "$T/out" || fail "what was brought before is gone"
	case $(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null) in
	'' | 0) grep -q '^attached' "$T/out" || fail "another process is not traced" ;;
	*) grep -q '^not attached: Operation not permitted' "$T/out" || fail "another process is traced against the host's will" ;;
	esac
	as_user nix-store --query --requisites "$(readlink "$session/gcroot")" >"$T/held"
	for each in "$brought" "$tracer"; do
		grep -qxF "$each" "$T/held" || fail "the session does not hold $each"
	done
	run nbs --with /nix/store/00000000000000000000000000000000-gone "$dir" true
	expect_status 125
	expect_err 'cannot use --with /nix/store/00000000000000000000000000000000-gone'
	cd "$flake"
	run nbs fresh .#built env
	expect_status 0
	grep -qx name=nbs-built "$T/out" || fail "another derivation"
}

# package: a file with `broken`, which needs a mended source, and `mended`, the same with $T/fix.patch.
package() {
	local source=$T/source
	mkdir -p "$source"
	echo broken >"$source/greeting"
	printf '%s\n' 1 2 3 >"$source/two words"
	echo gone >"$source/gone"
	echo late >"$source/late"
	echo '#!/bin/sh' >"$source/script"
	printf 'a\0b' >"$source/picture"
	cat >"$T/package.nix" <<-END
		let
		  env = import $SCRATCH/fixtures/stdenv {
		    bash = builtins.storePath "$BASH_PATH";
		    tools = builtins.storePath "$TOOLS_PATH";
		  };
		  package = patches: structured: env.mkDerivation ({
		    name = "nbs-package-1.0";
		    salt = "$T";
		    src = $source;
		    inherit patches;
		    patchPhase = "for each in \$patches; do patch -p1 <\$each; done";
		    configurePhase = "echo configured >late";
		    buildPhase = "echo object >object; read -r line <greeting; [[ \$line == fixed ]] || exit 3";
		    installPhase = "cp -R . \$out";
		  } // (if structured then { __structuredAttrs = true; list = [ "a" "b c" ]; } else { }));
		in
		rec {
		  broken = package [ ] false;
		  mended = package [ $T/fix.patch ] false;
		  behind = package [ broken ] false;
		  structured = package [ ] true;
		}
	END
	chmod -R a+rX "$T"
}

# fails: lets it fail, and sets $dir.
fails() {
	local log=$T/nix.log
	if as_user NIX_REMOTE=daemon nix-build --keep-failed --no-out-link "$T/package.nix" -A broken >"$log" 2>&1; then
		fail "the package builds"
	fi
	dir=$(kept_directory "$log")
	[[ -n $world_name ]] || printf '%s\n' "$dir" >>"$SCRATCH/kept-directories"
}

# is_mended: the package with the patch builds, and has what was changed.
is_mended() {
	cp "$T/out" "$T/fix.patch"
	as_user NIX_REMOTE=daemon nix-build --no-out-link "$T/package.nix" -A mended >"$T/built" 2>"$T/nix.log" || fail "$(<"$T/nix.log")"
	[[ $("${world[@]}" cat "$(<"$T/built")/greeting") == fixed ]] || fail "it is not mended"
}

# A failing build, a fix in the shell, `retry` passes, and the package with the patch builds under the real Nix. Of hostile
# names and links nothing leads out.
test_leave_with_a_patch() {
	local session
	package
	fails
	run nbs diff "$dir"
	expect_status 125
	expect_err 'no session of it has stayed'
	cat >"$T/typed" <<-'END'
		echo fixed >greeting; printf '%s\n' 1 two 3 >'two words'; rm gone; chmod +x script; printf 'c\0d' >picture
		echo new >new.txt; echo mine >object; echo odd >$'odd\nname'; ln -s /etc/passwd link; echo outside >../outside
		retry && exit
		exit 7
	END
	run nbs_on_terminal "$dir" <"$T/typed"
	expect_status 0
	grep -q 'your changes are kept in .*: changed: .*source/greeting.*; new: .*; gone: source/gone' "$T/out" || fail "not what was changed"
	session=$(sed -n 's/.*see them with *nix-build-shell diff \([^[:space:]]*\).*/\1/p' "$T/out")
	run nbs diff
	expect_status 0
	expect_err "the session that was used last is $session"
	[[ $(grep '^[-+][-+][-+]' "$T/out") == $'--- a/gone\n+++ /dev/null\n--- a/greeting\n+++ b/greeting\n--- a/two words\t\n+++ b/two words\t' ]] ||
		fail "other files in the patch"
	expect_err 'new, and not in the patch without --all or their names: link new.txt $'\''odd\012name'\' \
		'outside of the source tree, and not in the patch: outside' 'binary, and not in the patch: picture' \
		"the patch does not set the modes of: 'script (executable now)'" \
		'last changed by phases, and not in the patch without their names: object'
	run nbs diff --check "$dir" new.txt link
	expect_status 0
	grep -qxF '+++ b/new.txt' "$T/out" || fail "the new file is not in the patch"
	expect_err 'the patch applies after patchPhase' 'no text that a patch can have: link'
	is_mended
	nbs_on_terminal "$session" < <(printf 'echo mine >late; exit\n')
	run nbs diff --all --check "$session"
	expect_status 1
	grep -qxF '+++ b/new.txt' "$T/out" || fail "the new file is not in the patch"
	expect_err 'patching file late' 'the patch does not apply after patchPhase'
	# The kept directory is gone: its name is another build's now.
	[[ $EUID -eq 0 ]] || return 0
	mv "$dir" "$dir.moved"
	run nbs diff "$session"
	mv "$dir.moved" "$dir"
	expect_status 0
	expect_err "$dir is gone, or has another name: the comparison is with the source, unpacked and patched anew"
	grep -qxF '+fixed' "$T/out" || fail "another patch"
}

# Another layout, other answers of `nix build --json` and of `nix path-info`.
test_newest_nix() {
	package
	programs
	enter_world sid
	run nbs --with "path:$T/flake#built" fresh --before buildPhase -f "$T/package.nix" broken bash -c 'built 1; cat source/late'
	expect_status 0
	expect_out $'brought 1\nconfigured'
	fails
	nbs_on_terminal "$dir" < <(printf 'echo fixed >greeting; retry; exit\n')
	run nbs diff --check "$dir"
	expect_status 0
	expect_err 'the patch applies after patchPhase'
	is_mended
}

# The exact state before a phase of a package that is not touched.
test_begin_before_a_phase() {
	local drv session
	package
	drv=$(as_user NIX_REMOTE=daemon nix-instantiate "$T/package.nix" -A broken 2>/dev/null)
	# shellcheck disable=SC2016
	run nbs fresh "$drv" bash -c 'echo $name; ls -A; [ ! -e $out ]'
	expect_status 0
	expect_out $'nbs-package-1.0\nenv-vars'
	run nbs fresh --before buildPhase -f "$T/package.nix" broken cat source/late
	expect_status 0
	expect_out configured
	[[ $WHO == user ]] || return 0
	run nbs fresh --before installPhase "$drv" true
	expect_status 3
	run nbs fresh -f "$T/package.nix" behind true
	expect_status 125
	expect_err 'cannot get the inputs of /nix/store/' "nix-build-shell --using nix-store build --realise /nix/store/"
	run nbs_on_terminal fresh --before patchPhase "$drv" < <(printf '%s\n' 'echo "at $PWD $(<late)"; phases; echo fixed >greeting; resume' 'exit')
	expect_status 0
	grep -q 'at /build/source late' "$T/out" || fail "another directory or source"
	grep -q 'stopped before patchPhase' "$T/out" || fail "the greeting does not say where it stopped"
	[[ $(grep -cE '^(patch|install)Phase +to come' "$T/out") -eq 2 ]] || fail "not to come"
	grep -q 'your changes are kept in .*: changed or new: source/greeting; by phases: [0-9]* files' "$T/out" || fail "not what was changed"
	run nbs_on_terminal fresh --before installPhase "$drv" < <(printf '%s\n' 'echo fixed >greeting; retry && resume' 'exit')
	expect_status 0
	grep -q 'failed in buildPhase with exit code 3, before installPhase' "$T/out" || fail "no shell at the failure"
	grep -q 'all phases succeeded' "$T/out" || fail "the phases do not go on"
	run nbs_on_terminal fresh -f "$T/package.nix" structured < <(printf '%s\n' 'retry && cd source && echo fixed >greeting; echo "[${list[1]}]"; exit')
	expect_status 0
	grep -q 'has not begun' "$T/out" || fail "another greeting"
	grep -q '^\[b c\]' "$T/out" || fail "no arrays of structured attributes"
	session=$(sed -n 's/.*come back with *nix-build-shell \([^[:space:]]*\).*/\1/p' "$T/out")
	run nbs_on_terminal "$session" < <(printf '%s\n' 'resume; exit')
	grep -q 'all phases succeeded' "$T/out" || fail "coming back, the phases do not go on"
	grep -q 'your changes are kept in' "$T/out" || fail "of a session that stays nothing is said"
}
