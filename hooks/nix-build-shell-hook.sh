# shellcheck shell=bash
# A setup hook for nixpkgs' stdenv: when the build fails, it writes what nix-build-shell wants to know to
# $NIX_BUILD_TOP/.nix-build-shell (manifest.json: see manifest.schema.json; state.bash), and says on stderr
# how to enter the build's sandbox.
#
# A derivation can say `nixBuildShellShareState = true` (everybody may read state.bash, which has the values of
# all variables) and `nixBuildShellTrap = false` (no ERR trap; the failing command stays unknown).
#
# By the time stdenv runs failureHooks, the failing command and its locals are gone, so an ERR trap notes
# them. It acts only where errexit is about to end the build's own shell. It can be seen in `trap -p`, as E in
# $-, and by a build that fails under `set -v`, which shows a trap's text.
# Functions `declare` their locals: bash 5.2, after a failure within nested evals (pop_var_context in the log),
# takes the EXIT trap's functions for none and refuses `local`.
# Bash 4.4 and later; of other programs mkdir, and mv and rm if there are any.

# _nixBuildShellNote STATUS LINE COMMAND PIPESTATUS...: called by the ERR trap in the failing function.
_nixBuildShellNote() {
	_nixBuildShellStatus=$1 _nixBuildShellLine=$2 _nixBuildShellCommand=$3 _nixBuildShellPipe=("${@:4}")
	_nixBuildShellFunctions=("${FUNCNAME[@]:1}")
	_nixBuildShellFiles=("${BASH_SOURCE[@]:1}")
	_nixBuildShellLines=("${BASH_LINENO[@]:1}")
	_nixBuildShellCwd=$(builtin pwd && builtin printf .)
	_nixBuildShellState=$(_nixBuildShellDump errexit)
}

# What the EXIT trap still sees when no ERR trap has run: `exit`, an unset variable, a signal.
_nixBuildShellNoteAtExit() {
	declare _nixBuildShell_i=1
	while [[ ${FUNCNAME[_nixBuildShell_i]-exitHandler} != exitHandler ]]; do ((++_nixBuildShell_i)); done
	_nixBuildShellStatus=$1 _nixBuildShellLine='' _nixBuildShellCommand=$BASH_COMMAND _nixBuildShellPipe=()
	_nixBuildShellFunctions=("${FUNCNAME[@]:_nixBuildShell_i+1}")
	_nixBuildShellFiles=("${BASH_SOURCE[@]:_nixBuildShell_i+1}")
	_nixBuildShellLines=("${BASH_LINENO[@]:_nixBuildShell_i+1}")
	# The eval is that of stdenv's runPhase, whatever the phase did in it. Bash 4's is the exit handler's.
	((BASH_VERSINFO[0] >= 5)) && [[ $_nixBuildShellCommand != 'eval '* ]] || _nixBuildShellCommand=
	_nixBuildShellCwd=$(builtin pwd && builtin printf .)
	_nixBuildShellState=$(_nixBuildShellDump "${_nixBuildShellErrexit-}")
}

# Bash's builtins and its defaults, whatever the build has made of them. In a subshell only.
_nixBuildShellPlain() {
	unset -f builtin
	builtin unset -f declare printf read set shift shopt trap umask unset
	builtin set +euxvC +o posix
	builtin set -f
	builtin trap - ERR DEBUG RETURN
	builtin shopt -u nocasematch failglob dotglob
	builtin shopt -s nullglob
	builtin unset -v GLOBIGNORE LD_PRELOAD LD_LIBRARY_PATH
}

# _nixBuildShellTool NAME: the program's path, in _nixBuildShell_tool. The build may have spoilt its PATH.
_nixBuildShellTool() {
	declare IFS=:
	# shellcheck disable=SC2086
	set -- "$1" $PATH $_nixBuildShellPath
	IFS=' '
	while (($# > 1)); do
		_nixBuildShell_tool=$2/$1
		[[ ! -x $_nixBuildShell_tool || -d $_nixBuildShell_tool ]] || return 0
		set -- "$1" "${@:3}"
	done
	_nixBuildShell_tool=
	set +f
	for _nixBuildShell_tool in "${NIX_STORE:-/nix/store}"/*/bin/"$1"; do
		[[ ! -x $_nixBuildShell_tool || -d $_nixBuildShell_tool ]] || break
		_nixBuildShell_tool=
	done
	set -f
	[[ -n $_nixBuildShell_tool ]]
}

# _nixBuildShellWrite FILE TEXT: whole or not at all, where there is a mv.
_nixBuildShellWrite() {
	declare _nixBuildShell_new=$1.new
	_nixBuildShellTool mv || _nixBuildShell_new=$1 _nixBuildShell_tool=:
	printf '%s\n' "$2" >|"$_nixBuildShell_new" && "$_nixBuildShell_tool" -f -- "$_nixBuildShell_new" "$1" && return 0
	_nixBuildShellTool rm && "$_nixBuildShell_tool" -f -- "$_nixBuildShell_new"
	return 1
}

# Writes the files, prints the hint.
_nixBuildShellReport() {
	_nixBuildShellPlain
	declare LC_ALL=C IFS=$' \t\n' _nixBuildShell_directory=$NIX_BUILD_TOP/.nix-build-shell
	declare _nixBuildShell_id _nixBuildShell_manifest _nixBuildShell_json _nixBuildShell_root _nixBuildShell_sandboxed
	declare _nixBuildShell_lines _nixBuildShell_outputs='' _nixBuildShell_tool _nixBuildShell_mode=077
	declare -A _nixBuildShell_points=()
	set -f
	_nixBuildShellMakeId
	_nixBuildShellManifest
	[[ ${nixBuildShellShareState-} != @(1|true) ]] || _nixBuildShell_mode=022
	umask 022
	if [[ -d $_nixBuildShell_directory ]] || { _nixBuildShellTool mkdir && "$_nixBuildShell_tool" "$_nixBuildShell_directory"; }; then
		(umask "$_nixBuildShell_mode" && _nixBuildShellWrite "$_nixBuildShell_directory/state.bash" "$_nixBuildShellState")
		_nixBuildShellWrite "$_nixBuildShell_directory/manifest.json" "$_nixBuildShell_manifest" || _nixBuildShell_id=
	else
		_nixBuildShell_id=
	fi
	_nixBuildShellPrintHint
}

_nixBuildShellPrintHint() {
	declare _nixBuildShell_it _nixBuildShell_what='' _nixBuildShell_program='@command@' _nixBuildShell_flake='@flake@'
	# The host's path for sure, where it looks like one that Nix makes: /tmp may be a file system of its own.
	$_nixBuildShell_sandboxed || _nixBuildShell_root=$NIX_BUILD_TOP
	_nixBuildShell_it='^(/tmp/nix-build-[A-Za-z0-9+._=-]+\.drv-[0-9]+(/build)?|/nix/var/nix/builds/nix-[0-9]+-[0-9]+/build)$'
	[[ $_nixBuildShell_root =~ $_nixBuildShell_it ]] || _nixBuildShell_root=$_nixBuildShell_id
	[[ -n $_nixBuildShell_root ]] || return 0
	# Where nothing has been put in their places.
	[[ $_nixBuildShell_program != '@'*'@' ]] || _nixBuildShell_program=nix-build-shell
	[[ $_nixBuildShell_flake != '@'*'@' ]] || _nixBuildShell_flake=
	if [[ -n $_nixBuildShellCommand ]]; then
		_nixBuildShell_it=${_nixBuildShellCommand%%$'\n'*}
		_nixBuildShell_it=${_nixBuildShell_it:0:300}
		_nixBuildShell_what=" in${_nixBuildShellPipe[1]+ a pipeline with}: $_nixBuildShell_it"
		[[ $_nixBuildShell_it == "$_nixBuildShellCommand" ]] || _nixBuildShell_what+=' ...'
	fi
	_nixBuildShell_what="${curPhase:+$curPhase of }${name:-the build} failed with exit code $_nixBuildShellStatus$_nixBuildShell_what"
	printf 'nix-build-shell: %s\n' "${_nixBuildShell_what//[[:cntrl:]]/ }"
	printf 'nix-build-shell: enter its sandbox with\n    %s %s bash\n' "$_nixBuildShell_program" "$_nixBuildShell_root"
	[[ -z $_nixBuildShell_flake ]] ||
		printf '    nix run %q#nix-build-shell -- %s bash\n' "$_nixBuildShell_flake" "$_nixBuildShell_root"
	printf '(kept only with --keep-failed)\n'
}

_nixBuildShellCatch() {
	_nixBuildShellHint=
	# A build whose sandbox somebody may enter never becomes a valid store path.
	unset -v succeedOnFailure || :
	[[ -n ${NIX_BUILD_TOP-} ]] || return 0
	[[ ${_nixBuildShellStatus-} == "${exitCode-1}" ]] || _nixBuildShellNoteAtExit "${exitCode-1}" || :
	_nixBuildShellHint=$(_nixBuildShellReport </dev/null) || :
}

# In failureHooks. Whatever goes wrong in here, the build ends as it would without it; its traps and `set -x`
# show nothing but the call.
_nixBuildShellFailureHook() {
	{ _nixBuildShellCatch || :; } >/dev/null 2>&1
	(
		{
			unset -f builtin printf set trap
			trap - DEBUG ERR RETURN
			set +x
		} >/dev/null 2>&1
		[[ -z ${_nixBuildShellHint-} ]] || printf '%s\n' "$_nixBuildShellHint" >&2
	) || :
}

# Whether the build has an ERR trap of its own, or is going to: errtrace would have it run more often. (And a
# DEBUG trap would run for what is in this one.) What it will do is looked for in the text of it.
_nixBuildShellHasTrap() {
	declare _nixBuildShell_text
	_nixBuildShell_text=$(
		set -f
		trap -p ERR DEBUG
		declare -p
		_nixBuildShellDumpFunctions
		[[ ! -f ${buildCommandPath-} ]] || printf '%s\n' "$(<"$buildCommandPath")"
	)
	[[ $_nixBuildShell_text$'\n' == *trap[[:space:]]*[[:space:]]@(ERR|DEBUG)[!A-Za-z0-9_]* ]]
}

if [[ -z ${IN_NIX_SHELL-} && -z ${_nixBuildShellPath-} ]]; then
	failureHooks+=(_nixBuildShellFailureHook)
	_nixBuildShellPath=:$PATH
	_nixBuildShellErrexit=${-//[!e]/}
	if [[ ${nixBuildShellTrap-1} == @(1|true) ]] && ! _nixBuildShellHasTrap 2>/dev/null; then
		[[ $- == *E* ]] || _nixBuildShellErrtrace=hook
		set -o errtrace
		# A compound command and a redirection leave $?, $_ and the output of `set -x` as they are.
		trap '{ case $BASHPID:$- in "$$:"*e*)
			_nixBuildShellNote "$?" "$LINENO" "$BASH_COMMAND" "${PIPESTATUS[@]}" || : ;; esac; } 2>/dev/null' ERR
	fi
fi
