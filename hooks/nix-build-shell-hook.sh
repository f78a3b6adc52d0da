# shellcheck shell=bash
# A setup hook for nixpkgs' stdenv. When the build fails, it writes manifest.json (see manifest.schema.json) and
# state.bash to $NIX_BUILD_TOP/.nix-build-shell, and prints on stderr how to enter the build's sandbox. In a sandbox it
# writes phase.bash too, with which the phase that failed can start again.
#
# Every user may read these files, which have the values of all variables, unless the build could hold a secret: what a
# build in a sandbox knows comes from the store, which every user can read. A secret can come from the network or
# from impureEnvVars (fixed-output and impure builds), from a host path in the sandbox, or without a sandbox from
# anywhere. A derivation decides with `nixBuildShellShareState = true` or `false`. With `nixBuildShellTrap = false`
# there is no ERR trap, and the failing command stays unknown.
#
# When stdenv runs failureHooks, the failing command and its locals are gone, so an ERR trap records them. The trap
# acts only when errexit is about to end the build's own shell. A build can see it in `trap -p`, as E in $-, and in
# the output of `set -v`, which shows a trap's text. It can see that dumpVars, which stdenv calls at the start of each
# phase, saves the shell in /dev/shm: that is the sandbox's own, and no file of it gets into an output. What a builtin
# prints goes through a file there too: `$(…)` would be a process.
#
# Functions use `declare` for their locals: after a failure within nested evals (pop_var_context in the log), bash
# 5.2 does not take the EXIT trap's functions for functions, and refuses `local`.
#
# Needs bash 4.4 or later and mkdir, the program or the loadable builtin; uses rm if it exists.

# _nixBuildShellNote STATUS LINE COMMAND PIPESTATUS...: records the failure. The ERR trap of the failing function
# calls it.
_nixBuildShellNote() {
	_nixBuildShellStatus=$1 _nixBuildShellLine=$2 _nixBuildShellCommand=$3 _nixBuildShellPipe=("${@:4}")
	_nixBuildShellFunctions=("${FUNCNAME[@]:1}")
	_nixBuildShellFiles=("${BASH_SOURCE[@]:1}")
	_nixBuildShellLines=("${BASH_LINENO[@]:1}")
	_nixBuildShellRecord errexit _nixBuildShellDumpHere
}

# _nixBuildShellNoteAtExit STATUS: records what the EXIT trap still sees when no ERR trap has run (`exit`, an unset
# variable, a signal). The subshell that writes the files records the state.
_nixBuildShellNoteAtExit() {
	declare _nixBuildShell_i=1
	while [[ ${FUNCNAME[_nixBuildShell_i]-exitHandler} != exitHandler ]]; do ((++_nixBuildShell_i)); done
	_nixBuildShellStatus=$1 _nixBuildShellLine='' _nixBuildShellCommand=$BASH_COMMAND _nixBuildShellPipe=()
	_nixBuildShellFunctions=("${FUNCNAME[@]:_nixBuildShell_i+1}")
	_nixBuildShellFiles=("${BASH_SOURCE[@]:_nixBuildShell_i+1}")
	_nixBuildShellLines=("${BASH_LINENO[@]:_nixBuildShell_i+1}")
	# An eval is that of stdenv's runPhase, and says nothing of what failed in the phase. Bash 4 names a command of
	# the exit handler.
	((BASH_VERSINFO[0] >= 5)) && [[ $_nixBuildShellCommand != 'eval '* ]] || _nixBuildShellCommand=
	_nixBuildShellState=late _nixBuildShell_options='' _nixBuildShellCwd=''
}

# _nixBuildShellRecord ERREXIT DUMP: saves the state of the calling shell in a file or, where that is impossible, in
# _nixBuildShellState. Bash writes each line by itself, and in a pipe each would wake this shell up. DUMP prints the state in this
# shell, or fails.
_nixBuildShellRecord() {
	_nixBuildShellState=
	{
		[[ -n $_nixBuildShellScratch ]] &&
			{ "$2" "$1" >|"$_nixBuildShellScratch-state" || (_nixBuildShellDump "$1") >|"$_nixBuildShellScratch-state"; }
	} 2>/dev/null || _nixBuildShellState=$(_nixBuildShellDump "$1")
}

# Restores bash's builtins and defaults, whatever the build has changed. Only for a subshell.
_nixBuildShellPlain() {
	unset -f builtin
	builtin unset -f declare enable eval exec mapfile mkdir printf read set shift shopt trap umask unset
	builtin set +euxvC +o posix
	builtin set -f
	builtin trap - ERR DEBUG RETURN
	builtin trap '' XFSZ
	builtin shopt -u nocasematch failglob dotglob
	builtin shopt -s nullglob
	builtin unset -v GLOBIGNORE LD_PRELOAD LD_LIBRARY_PATH
}

# _nixBuildShellTool NAME: sets _nixBuildShell_tool to the program's path. Searches the whole store too, for the build may have
# lost its PATH. Only for a subshell.
_nixBuildShellTool() {
	declare _nixBuildShell_rest=${PATH-}${_nixBuildShellPath-}:
	while [[ -n $_nixBuildShell_rest ]]; do
		_nixBuildShell_tool=${_nixBuildShell_rest%%:*}/$1
		[[ ! -x $_nixBuildShell_tool || -d $_nixBuildShell_tool ]] || return 0
		_nixBuildShell_rest=${_nixBuildShell_rest#*:}
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

# _nixBuildShellWrite FILE COMMAND...: writes what the command prints as the whole file or, if rm exists, no file.
_nixBuildShellWrite() {
	"${@:2}" >|"$_nixBuildShell_directory/$1" && return 0
	! _nixBuildShellTool rm || "$_nixBuildShell_tool" -f -- "$_nixBuildShell_directory/$1"
	return 1
}

# _nixBuildShellPrint FILE: prints the file by parts: bash makes copies of a text, each in memory that is new to this process.
_nixBuildShellPrint() {
	declare _nixBuildShell_part
	while read -r -N 8192 _nixBuildShell_part || [[ -n $_nixBuildShell_part ]]; do
		printf %s "$_nixBuildShell_part" || return 1
	done <"$1"
}

# Writes the files, manifest.json last: a build can be killed here, and without a manifest the others are not read.
_nixBuildShellWriteFiles() {
	[[ $_nixBuildShell_share == @(1|true) ]] || umask 077
	if [[ -n $_nixBuildShellState ]]; then
		_nixBuildShellWrite state.bash printf '%s\n' "$_nixBuildShellState"
	else
		_nixBuildShellWrite state.bash _nixBuildShellPrint "$_nixBuildShellScratch-state"
	fi
	[[ ! -f $_nixBuildShellSaved ]] || _nixBuildShellWrite phase.bash _nixBuildShellPrint "$_nixBuildShellSaved"
	umask 022
	_nixBuildShellWrite manifest.json printf '%s\n' "$_nixBuildShell_manifest" && return 0
	[[ -z $_nixBuildShell_made ]] || ! _nixBuildShellTool rm || "$_nixBuildShell_tool" -rf -- "$_nixBuildShell_directory"
	return 1
}

# Makes the directory of the files, if it is not there: then _nixBuildShell_made is not empty. The builtin that nixpkgs' bash can
# load needs no process. Bash would search for a shorter name in the working directory, too.
_nixBuildShellMakeDirectory() {
	[[ ! -d $_nixBuildShell_directory ]] || return 0
	_nixBuildShell_tool=${BASH%/bin/*}/lib/bash/mkdir
	if [[ $BASH == /*bin/* && -f $_nixBuildShell_tool ]] && enable -f "$_nixBuildShell_tool" mkdir; then
		mkdir -- "$_nixBuildShell_directory"
	else
		_nixBuildShellTool mkdir && (exec -c "$_nixBuildShell_tool" -- "$_nixBuildShell_directory")
	fi && _nixBuildShell_made=1
}

# Writes the files, prints the hint, waits if there is to be a pause, and ends the subshell, which _nixBuildShellPlain has prepared.
_nixBuildShellReport() {
	[[ -n ${NIX_BUILD_TOP-} ]] || return 0
	declare LC_ALL=C IFS=$' \t\n' _nixBuildShell_directory=$NIX_BUILD_TOP/.nix-build-shell
	declare _nixBuildShell_id _nixBuildShell_manifest _nixBuildShell_json _nixBuildShell_root _nixBuildShell_sandboxed
	declare _nixBuildShell_lines _nixBuildShell_outputs='' _nixBuildShell_tool _nixBuildShell_share=1 _nixBuildShell_made=''
	declare -A _nixBuildShell_points=()
	umask 022
	_nixBuildShellMakeDirectory
	_nixBuildShellMakeId
	_nixBuildShellManifest
	[[ -z ${nixBuildShellShareState+set} ]] || _nixBuildShell_share=$nixBuildShellShareState
	[[ -d $_nixBuildShell_directory ]] && _nixBuildShellWriteFiles || _nixBuildShell_id=
	_nixBuildShellPrintHint
	! _nixBuildShellIsToPause || _nixBuildShellWait 3>&1 >/dev/null
	# To return would give the locals' memory back, and bash would make the environment anew for the end of LC_ALL.
	builtin exit 0
}

# _nixBuildShellPrintable TEXT: sets _nixBuildShell_text to it. Other bytes than printable ASCII become \xHH, since a
# build could steer the terminal with them, or turn the text around.
_nixBuildShellPrintable() {
	declare _nixBuildShell_rest=$1 _nixBuildShell_byte
	_nixBuildShell_text=
	while [[ $_nixBuildShell_rest == *[!' '-'~']* ]]; do
		_nixBuildShell_byte=${_nixBuildShell_rest%%[!' '-'~']*}
		_nixBuildShell_text+=$_nixBuildShell_byte
		_nixBuildShell_rest=${_nixBuildShell_rest:${#_nixBuildShell_byte}}
		printf -v _nixBuildShell_byte '%d' "'${_nixBuildShell_rest:0:1}"
		printf -v _nixBuildShell_byte '\\x%02x' $((_nixBuildShell_byte & 255))
		_nixBuildShell_text+=$_nixBuildShell_byte
		_nixBuildShell_rest=${_nixBuildShell_rest:1}
	done
	_nixBuildShell_text+=$_nixBuildShell_rest
}

_nixBuildShellPrintHint() {
	declare _nixBuildShell_text _nixBuildShell_it _nixBuildShell_what='' _nixBuildShell_program='@command@' _nixBuildShell_flake='@flake@'
	# The path is the host's for sure only if it looks like one of Nix's: /tmp may be a file system of its own.
	$_nixBuildShell_sandboxed || _nixBuildShell_root=$NIX_BUILD_TOP
	_nixBuildShell_it='^(/tmp/nix-build-[A-Za-z0-9+._=-]+\.drv-[0-9]+(/build)?|/nix/var/nix/builds/nix-[0-9]+-[0-9]+/build|/nix/var/nix/b/[0-9a-df-np-sv-z]{26}/b)$'
	[[ $_nixBuildShell_root =~ $_nixBuildShell_it ]] || _nixBuildShell_root=$_nixBuildShell_id
	[[ -n $_nixBuildShell_root ]] || return 0
	# The hook's source has these placeholders; nix/hook.nix replaces them.
	[[ $_nixBuildShell_program != '@'*'@' ]] || _nixBuildShell_program=nix-build-shell
	[[ $_nixBuildShell_flake != '@'*'@' ]] || _nixBuildShell_flake=
	if [[ -n $_nixBuildShellCommand ]]; then
		_nixBuildShell_it=${_nixBuildShellCommand%%$'\n'*}
		_nixBuildShell_it=${_nixBuildShell_it:0:300}
		_nixBuildShell_what=" in${_nixBuildShellPipe[1]+ a pipeline with}: $_nixBuildShell_it"
		[[ $_nixBuildShell_it == "$_nixBuildShellCommand" ]] || _nixBuildShell_what+=' ...'
	fi
	_nixBuildShell_what="${curPhase:+$curPhase of }${name:-the build} failed with exit code $_nixBuildShellStatus$_nixBuildShell_what"
	_nixBuildShellPrintable "$_nixBuildShell_what"
	printf 'nix-build-shell: %s\n' "$_nixBuildShell_text"
	printf 'nix-build-shell: enter its sandbox with\n    %s %s bash\n' "$_nixBuildShell_program" "$_nixBuildShell_root"
	[[ -z $_nixBuildShell_flake ]] ||
		printf '    nix run %q#nix-build-shell -- %s bash\n' "$_nixBuildShell_flake" "$_nixBuildShell_root"
	printf '(Nix keeps the directory only with --keep-failed)\n'
	[[ -z $_nixBuildShell_id ]] || ! _nixBuildShellIsToPause ||
		_nixBuildShellMakePause "$_nixBuildShell_id" "$_nixBuildShell_program" "$_nixBuildShell_flake"
}

_nixBuildShellCatch() {
	# A failed build, whose sandbox the caller may enter, must never become a valid store path.
	unset -v succeedOnFailure || :
	[[ -z ${NIX_BUILD_TOP-} || ${_nixBuildShellStatus-} == "${exitCode-1}" ]] || _nixBuildShellNoteAtExit "${exitCode-1}"
}

# Is called by stdenv's failureHooks. Whatever goes wrong in it, the build ends as it would without the hook, and the
# build's traps and `set -x` show only the call. The build's functions cannot disturb the subshell.
_nixBuildShellFailureHook() {
	{ _nixBuildShellCatch || :; } >/dev/null 2>&1
	(
		{
			[[ ${_nixBuildShellState-} != late ]] || _nixBuildShellRecord "${_nixBuildShellErrexit-}" _nixBuildShellDump
			_nixBuildShellPlain
		} >/dev/null 2>&1
		# Where stderr is closed, the files are made all the same.
		_nixBuildShellReport </dev/null >&2 2>/dev/null || _nixBuildShellReport </dev/null >/dev/null 2>&1
	) || :
}

# Lets dumpVars save the shell. Setup calls it, as a post-hook, when dumpVars is defined.
_nixBuildShellWrap() {
	declare _nixBuildShell_text
	declare -F dumpVars >/dev/null || return 0
	_nixBuildShellCapture declare -f dumpVars
	eval "_nixBuildShellDumpVars${_nixBuildShell_text#dumpVars}"
	# shellcheck disable=SC2317
	dumpVars() {
		_nixBuildShellDumpVars "$@"
		{ _nixBuildShellSavePhase || :; } 2>/dev/null
	}
}

# Saves the state that a retry of the phase starts from. Unpacking and patching start from the beginning.
_nixBuildShellSavePhase() {
	[[ ${curPhase-} == @(unpackPhase|patchPhase) ]] || _nixBuildShellSave "$_nixBuildShellSaved"
}

if [[ -z ${IN_NIX_SHELL-} && -z ${_nixBuildShellPath-} ]]; then
	failureHooks+=(_nixBuildShellFailureHook)
	_nixBuildShellPath=:$PATH
	_nixBuildShellErrexit=${-//[!e]/}
	[[ -z $_nixBuildShellSaved ]] || postHooks+=(_nixBuildShellWrap)
	if [[ -n $_nixBuildShellTrap ]]; then
		[[ $- == *E* ]] || _nixBuildShellErrtrace=hook
		set -o errtrace
		# A compound command with a redirection changes neither $?, nor $_, nor the output of `set -x`.
		trap '{ case $BASHPID:$- in "$$:"*e*)
			_nixBuildShellNote "$?" "$LINENO" "$BASH_COMMAND" "${PIPESTATUS[@]}" || : ;; esac; } 2>/dev/null' ERR
	fi
fi
