# shellcheck shell=bash
# Part of the setup hook. Makes state.bash, which gives another shell the state of the build's shell at the failure.

# _nixBuildShellSplit LINES: sets _nixBuildShell_lines to the lines that are not empty. Needs `set -f`. Bash reads a
# pipe with one system call for each byte, and a here-string may need the disk.
_nixBuildShellSplit() {
	builtin declare IFS=$'\n'
	# shellcheck disable=SC2206
	_nixBuildShell_lines=($1)
}

# _nixBuildShellCapture COMMAND...: sets _nixBuildShell_text to what the command prints.
# _nixBuildShellLines COMMAND...: sets _nixBuildShell_lines to the lines of what it prints.
# Neither needs a process in a sandbox, whose /dev/shm is its own: there a file in memory takes the output.
# shellcheck disable=SC2128,SC2178 # the text is the array's first element
_nixBuildShellCapture() {
	{
		[[ -n ${_nixBuildShellScratch-} ]] && "$@" >|"$_nixBuildShellScratch" &&
			builtin mapfile -d '' -t _nixBuildShell_text <"$_nixBuildShellScratch"
	} 2>/dev/null || _nixBuildShell_text=$("$@")
}
_nixBuildShellLines() {
	{
		[[ -n ${_nixBuildShellScratch-} ]] && "$@" >|"$_nixBuildShellScratch" &&
			builtin mapfile -t _nixBuildShell_lines <"$_nixBuildShellScratch"
	} 2>/dev/null || _nixBuildShellSplit "$("$@")"
}

# _nixBuildShellDump [errexit]: prints the state of the calling shell as a script, for the directory of
# _nixBuildShellCwd, to which two characters are added; by default for the working directory. Only for a subshell.
_nixBuildShellDump() {
	# No command may be looked up yet, and posix mode, in which `unset` is no function, changes options.
	[[ -n ${_nixBuildShell_options-} ]] || _nixBuildShell_options=:$SHELLOPTS: _nixBuildShell_shopts=:$BASHOPTS:
	if [[ :$SHELLOPTS: != *:posix:* ]]; then
		POSIXLY_CORRECT=1
		unset -f builtin
		unset -v POSIXLY_CORRECT
	fi
	builtin set +euxvC +o posix
	builtin set -f
	builtin shopt -u nocasematch
	# A limit of a file's size must not end the subshell.
	builtin trap '' XFSZ
	_nixBuildShellPrintState "$1"
}

# _nixBuildShellDumpHere [errexit]: prints the state in the shell itself, which is about to end. Fails where only a subshell can:
# where the build's options or a function called `builtin` change what the commands do, or the build traps XFSZ. Not for the EXIT
# trap, in which the functions of bash 5.0 to 5.2 disturb the locals.
_nixBuildShellDumpHere() {
	_nixBuildShell_options=:$SHELLOPTS: _nixBuildShell_shopts=:$BASHOPTS:
	[[ $_nixBuildShell_options$_nixBuildShell_shopts != *:@(posix|xtrace|functrace|nocasematch):* ]] || return 1
	# What the state's file gets here is what the build has of these.
	! builtin declare -F builtin && builtin trap -p XFSZ && [[ ! -s $_nixBuildShellScratch-state ]] || return 1
	# A limit of a file's size must not end the build.
	builtin trap '' XFSZ
	_nixBuildShellCwd=
	builtin set -f
	_nixBuildShellPrintState "$1"
	_nixBuildShell_status=$?
	[[ $_nixBuildShell_options == *:noglob:* ]] || builtin set +f
	builtin trap - XFSZ
	return "$_nixBuildShell_status"
}

# _nixBuildShellPrintState [errexit]: prints the script.
_nixBuildShellPrintState() {
	_nixBuildShellUnwrap
	if [[ -z ${_nixBuildShellCwd-} ]]; then
		_nixBuildShellCapture builtin pwd
		_nixBuildShellCwd=${_nixBuildShell_text%$'\n'}$'\n'.
	fi
	builtin printf '# The shell of a failed build, written by the hook of nix-build-shell: to be sourced at the top level.\n'
	builtin printf 'builtin cd -- %q\n' "${_nixBuildShellCwd%??}"
	builtin umask -p
	_nixBuildShellNames
	builtin declare -p "${_nixBuildShell_names[@]}"
	builtin printf 'shopt -s extglob\n'
	_nixBuildShellDumpFunctions
	# An interactive shell keeps its own options: it would end with the first command that fails.
	builtin printf 'if [[ $- != *i* ]]; then\n'
	_nixBuildShellLines _nixBuildShellPrintOptions
	for _nixBuildShell_it in "${_nixBuildShell_lines[@]}"; do
		case $_nixBuildShell_it:$_nixBuildShell_options$_nixBuildShell_shopts in
		"set "*:"${_nixBuildShell_it##* }":*) _nixBuildShell_it="set -o ${_nixBuildShell_it##* }" ;;
		set*) _nixBuildShell_it="set +o ${_nixBuildShell_it##* }" ;;
		*:"${_nixBuildShell_it##* }":*) _nixBuildShell_it="shopt -s ${_nixBuildShell_it##* }" ;;
		*) _nixBuildShell_it="shopt -u ${_nixBuildShell_it##* }" ;;
		esac
		case $_nixBuildShell_it in
		*' login_shell' | *' restricted_shell' | 'shopt -u compat'*) ;;
		# An interactive shell sets these itself.
		'set +o emacs' | 'set +o hist'* | 'set +o monitor' | 'set +o vi') ;;
		# The hook sets errtrace, and stdenv's exit handler changes errexit.
		*' errtrace') [[ -n ${_nixBuildShellErrtrace-} ]] || builtin printf 'builtin %s\n' "$_nixBuildShell_it" ;;
		*' errexit') ;;
		*) builtin printf 'builtin %s 2>/dev/null\n' "$_nixBuildShell_it" ;;
		esac
	done
	[[ -z $1 ]] || builtin printf 'builtin set -o errexit\n'
	builtin printf 'fi\n'
}

_nixBuildShellPrintOptions() {
	builtin shopt -p
	builtin set +o
}

# _nixBuildShellNames: sets _nixBuildShell_names to the names of the variables that have a value or attributes, but for bash's own
# and the hook's. A line of a value can look like a declaration: then no variable has its name, or one that is there anyway.
_nixBuildShellNames() {
	builtin declare -A _nixBuildShell_seen
	builtin declare IFS=' '
	_nixBuildShellLines builtin declare -p
	# All lines at once, and the long values first: of `declare -x name="value"` these leave the name after a colon.
	_nixBuildShell_lines=("${_nixBuildShell_lines[@]%%=*}")
	_nixBuildShell_lines=("${_nixBuildShell_lines[@]/#declare -* /:}")
	_nixBuildShell_lines=("${_nixBuildShell_lines[@]/#?*[!A-Za-z0-9_]*/}")
	# shellcheck disable=SC2048
	for _nixBuildShell_it in ${_nixBuildShell_lines[*]}; do
		[[ $_nixBuildShell_it != :?* || $_nixBuildShell_it == :@(_nixBuildShell|_nbs|nbsFact)* ]] ||
			_nixBuildShell_seen[${_nixBuildShell_it#:}]=1
	done
	for _nixBuildShell_it in _ BASHOPTS BASHPID BASH_ALIASES BASH_ARGC BASH_ARGV BASH_ARGV0 BASH_CMDS BASH_COMMAND BASH_EXECUTION_STRING \
		BASH_LINENO BASH_MONOSECONDS BASH_REMATCH BASH_SOURCE BASH_SUBSHELL BASH_TRAPSIG BASH_VERSINFO BASH_VERSION \
		BASH_XTRACEFD COMP_WORDBREAKS DIRSTACK EPOCHREALTIME EPOCHSECONDS EUID FUNCNAME GROUPS HISTCMD LINENO PIPESTATUS \
		PPID RANDOM SECONDS SHELLOPTS SRANDOM UID; do
		builtin unset -v "_nixBuildShell_seen[$_nixBuildShell_it]"
	done
	_nixBuildShell_names=("${!_nixBuildShell_seen[@]}")
}

# Prints the functions, and then the attributes that some have. A name has no blank, but perhaps a pattern's characters: needs
# `set -f`.
_nixBuildShellDumpFunctions() {
	builtin declare IFS=$'\n'
	_nixBuildShellLines builtin declare -F
	_nixBuildShell_lines=("${_nixBuildShell_lines[@]/#* _nixBuildShell*/}")
	_nixBuildShell_lines=("${_nixBuildShell_lines[@]/#* _nbs*/}")
	# shellcheck disable=SC2048,SC2086
	builtin set -- ${_nixBuildShell_lines[*]##* }
	(($# == 0)) || builtin declare -f -- "$@"
	_nixBuildShell_lines=("${_nixBuildShell_lines[@]/#declare -f */}")
	# shellcheck disable=SC2048,SC2086
	builtin set -- ${_nixBuildShell_lines[*]}
	(($# == 0)) || builtin printf '%s\n' "$@"
}

# _nixBuildShellSave FILE: saves the state of the calling shell without a process, as a script for the top level of
# another shell. The script sets readonly variables of bash's own too, and has the hook's functions.
_nixBuildShellSave() {
	{
		builtin declare -p
		builtin printf 'builtin cd -- %q\numask ' "$PWD"
		builtin umask
		builtin set +o
		builtin shopt -p
		[[ :$BASHOPTS: == *:extglob:* ]] || builtin printf '_nixBuildShellExtglob=-u\n'
		builtin printf 'shopt -s extglob\n'
		builtin declare -f
	} >|"$1"
}

# Gives dumpVars, which the hook replaces, its own text again. Also in the shell that has sourced a saved state.
_nixBuildShellUnwrap() {
	builtin declare _nixBuildShell_text _nixBuildShell_wrapped
	builtin declare -F _nixBuildShellDumpVars >/dev/null || return 0
	_nixBuildShellCapture builtin declare -f _nixBuildShellDumpVars
	_nixBuildShell_wrapped=$_nixBuildShell_text
	_nixBuildShellCapture builtin declare -f dumpVars
	builtin unset -f _nixBuildShellDumpVars
	[[ $_nixBuildShell_text != *_nixBuildShellDumpVars* ]] ||
		builtin eval "dumpVars${_nixBuildShell_wrapped#_nixBuildShellDumpVars}"
}
