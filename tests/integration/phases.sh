# shellcheck shell=bash
# The shell at the failure, and phases that run again, after real builds that failed in each phase.

# What a phase's retry exits with, and where below /build a shell begins without the hook.
expected() {
	cat <<-END
		unpack    1
		patch     1   patch-plain
		configure 4   configure-plain
		build     5   build-plain/build
		check     137 check-plain
		install   1   install-plain
		fixup     6   fixup-plain
	END
}

# All of them, built at once; $SCRATCH/phases is the log.
builds() {
	[[ ! -e $SCRATCH/phases ]] || return 0
	rm -rf "$SCRATCH/phases-nix"
	mkdir "$SCRATCH/phases-nix"
	cp -R "$TOP/tests/fixtures/"{hook,stdenv,phases.nix} "$TOP/hooks" "$SCRATCH/phases-nix/"
	chmod -R a+rX "$SCRATCH/phases-nix"
	! as_user NIX_REMOTE=daemon nix-build --keep-failed --keep-going --no-out-link "$SCRATCH/phases-nix/phases.nix" \
		--argstr bash "$BASH_PATH" --argstr tools "$TOOLS_PATH" --arg hook "$SCRATCH/phases-nix/hooks" \
		--argstr salt "$SCRATCH" >"$SCRATCH/phases.new" 2>&1 </dev/null || fail "the builds did not fail"
	kept_directories "$SCRATCH/phases.new" >>"$SCRATCH/kept-directories"
	mv "$SCRATCH/phases.new" "$SCRATCH/phases"
}

# enter NAME: looks, runs the phase again, and looks; the session's files are then below `session`.
enter() {
	dir=$(kept_directories "$SCRATCH/phases" | grep -F -- "-$1.drv-" || true)
	[[ -n $dir ]] || fail "no directory of $1: $(<"$SCRATCH/phases")"
	cat >"$T/in" <<-'END'
		touch $NIX_BUILD_TOP/edited; eval "$note" >$NIX_BUILD_TOP/.nix-build-shell/seen 2>&1; cp $NIX_BUILD_TOP/{noted,.nix-build-shell/first}
		retry >$NIX_BUILD_TOP/.nix-build-shell/said 2>&1; echo $? >$NIX_BUILD_TOP/.nix-build-shell/status; exit 0
	END
	run nbs_on_terminal "$dir" <"$T/in"
	session=$(find "$USER_HOME" -path "*/$1-*/build/.nix-build-shell/status")
	[[ -n $session ]] || fail "$1: no session"
	session=${session%/.nix-build-shell/status} said=$session/.nix-build-shell/said
	top=$session/.nix-build-shell
}

# is_as_it_was NAME STATUS DIRECTORY
is_as_it_was() {
	local name=$1
	case $name in
	*-hooked) diff "$top/first" "$top/seen" || fail "$name: the shell is not as the build was" ;;
	*) [[ $(head -n 1 "$top/seen") == "/build${3:+/}$3" ]] || fail "$name: the shell is in $(head -n 1 "$top/seen")" ;;
	esac
	[[ $(<"$top/status") == "$2" ]] || fail "$name: retry has status $(<"$top/status"): $(<"$said")"
	case $name in
	*-hooked) diff "$top/first" "$session/noted" || fail "$name: the phase did not run as in the build: $(<"$said")" ;;
	*) diff <(head -n 1 "$top/first") <(head -n 1 "$session/noted") || fail "$name: the phase ran elsewhere" ;;
	esac
	! grep -qxF on "$said" || fail "$name: the phase went on after the failure"
	grep -qF "nix-build-shell: ${name%-*}Phase failed with exit code $2" "$said" || fail "$name: $(<"$said")"
}

each_is_as_it_was() {
	local name code directory kind
	builds
	while read -r name code directory; do
		for kind in "$@"; do
			enter "$name-$kind"
			is_as_it_was "$name-$kind" "$code" "$directory"
			case $name in
			unpack | patch) grep -qF 'moved the files of /build to /build/.nix-build-shell/aside.1' "$said" || fail "$(<"$said")" ;;
			install) grep -q "moved /nix/store/.*-install-$kind to " "$said" || fail "$(<"$said")" ;;
			esac
		done
	done < <(expected)
}

test_each_phase_again() { each_is_as_it_was hooked plain; }

test_each_phase_again_without_the_hook() { each_is_as_it_was plain; }
