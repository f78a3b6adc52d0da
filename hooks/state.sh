# shellcheck shell=bash
# Part of the setup hook. Makes state.bash, which gives another shell the state of the build's shell at the failure.

# _nixBuildShellSplit LINES: sets _nixBuildShell_lines to the lines that are not empty. Needs `set -f`. Bash reads a
# pipe with one system call for each byte, and a here-string may need the disk.
_nixBuildShellSplit() {
	builtin declare IFS=$'\n'
	# shellcheck disable=SC2206
	_nixBuildShell_lines=($1)
}

# _nixBuildShellDump [errexit]: prints the state of the calling shell as a script. Only for a subshell.
_nixBuildShellDump() {
	# No command may be looked up yet, and posix mode, in which `unset` is no function, changes options.
	_nixBuildShell_options=:$SHELLOPTS: _nixBuildShell_shopts=:$BASHOPTS:
	if [[ $_nixBuildShell_options != *:posix:* ]]; then
		POSIXLY_CORRECT=1
		unset -f builtin
		unset -v POSIXLY_CORRECT
	fi
	_nixBuildShell_ifs=$(builtin declare -p IFS)
	builtin set +euxvC +o posix
	builtin set -f
	builtin shopt -u nocasematch
	_nixBuildShellUnwrap
	_nixBuildShell_functions=$(_nixBuildShellDumpFunctions)
	builtin unset -f declare printf set umask
	printf '# The shell of a failed build, written by the hook of nix-build-shell: to be sourced at the top level.\n'
	printf 'builtin cd -- %q\numask %s\n' "${_nixBuildShellCwd%??}" "$(umask)"
	_nixBuildShellNames
	for _nixBuildShell_it in "${_nixBuildShell_names[@]}"; do
		case $_nixBuildShell_it in
		_nixBuildShell* | _nbs* | nbsFact* | _ | BASHOPTS | BASHPID | BASH_ALIASES | BASH_ARG[CV] | BASH_ARGV0 | BASH_CMDS) ;;
		BASH_COMMAND | BASH_EXECUTION_STRING | BASH_LINENO | BASH_MONOSECONDS | BASH_REMATCH | BASH_SOURCE) ;;
		BASH_SUBSHELL | BASH_TRAPSIG | BASH_VERSINFO | BASH_VERSION | BASH_XTRACEFD | COMP_WORDBREAKS) ;;
		DIRSTACK | EPOCHREALTIME | EPOCHSECONDS | EUID | FUNCNAME | GROUPS | HISTCMD | LINENO | PIPESTATUS) ;;
		PPID | RANDOM | SECONDS | SHELLOPTS | SRANDOM | UID) ;;
		IFS) printf '%s\n' "$_nixBuildShell_ifs" ;;
		*) declare -p "$_nixBuildShell_it" ;;
		esac
	done
	printf 'shopt -s extglob\n%s\n' "$_nixBuildShell_functions"
	# An interactive shell keeps its own options: it would end with the first command that fails.
	printf 'if [[ $- != *i* ]]; then\n'
	_nixBuildShellSplit "$(builtin shopt -p)"$'\n'"$(builtin set +o)"
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
		*' errtrace') [[ -n ${_nixBuildShellErrtrace-} ]] || printf 'builtin %s\n' "$_nixBuildShell_it" ;;
		*' errexit') ;;
		*) printf 'builtin %s 2>/dev/null\n' "$_nixBuildShell_it" ;;
		esac
	done
	[[ -z $1 ]] || printf 'builtin set -o errexit\n'
	printf 'fi\n'
}

# _nixBuildShellNames: sets _nixBuildShell_names to the names of the variables that have a value or attributes. A line
# of a value can look like a declaration: then no variable has its name, or one that is printed anyway.
_nixBuildShellNames() {
	builtin declare -A _nixBuildShell_seen
	_nixBuildShell_names=()
	_nixBuildShellSplit "$(builtin declare -p)"
	for _nixBuildShell_it in "${_nixBuildShell_lines[@]}"; do
		[[ $_nixBuildShell_it == 'declare -'* ]] || continue
		_nixBuildShell_it=${_nixBuildShell_it#declare -* } _nixBuildShell_it=${_nixBuildShell_it%%=*}
		[[ $_nixBuildShell_it != *[!A-Za-z0-9_]* && -z ${_nixBuildShell_seen[$_nixBuildShell_it]-} ]] || continue
		_nixBuildShell_seen[$_nixBuildShell_it]=1
		_nixBuildShell_names+=("$_nixBuildShell_it")
	done
}

_nixBuildShellDumpFunctions() {
	_nixBuildShellSplit "$(builtin declare -F)"
	for _nixBuildShell_it in "${_nixBuildShell_lines[@]}"; do
		[[ ${_nixBuildShell_it##* } != @(_nixBuildShell|_nbs)* ]] || continue
		builtin declare -f -- "${_nixBuildShell_it##* }"
		[[ $_nixBuildShell_it == 'declare -f '* ]] || builtin printf '%s\n' "$_nixBuildShell_it"
	done
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
	builtin declare _nixBuildShell_text
	_nixBuildShell_text=$(builtin declare -f _nixBuildShellDumpVars) || return 0
	builtin unset -f _nixBuildShellDumpVars
	[[ $(builtin declare -f dumpVars) != *_nixBuildShellDumpVars* ]] ||
		builtin eval "dumpVars${_nixBuildShell_text#_nixBuildShellDumpVars}"
}
