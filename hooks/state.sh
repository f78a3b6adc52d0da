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
	declare _nixBuildShell_options _nixBuildShell_shopts _nixBuildShell_functions _nixBuildShell_lines _nixBuildShell_it
	declare _nixBuildShell_ifs
	declare -A _nixBuildShell_seen=()
	unset -f builtin
	_nixBuildShell_options=$(builtin set +o)
	_nixBuildShell_shopts=$(builtin shopt -p)
	_nixBuildShell_ifs=$(builtin declare -p IFS)
	builtin set +euxvC +o posix
	builtin set -f
	builtin shopt -u nocasematch
	_nixBuildShell_functions=$(_nixBuildShellDumpFunctions)
	builtin unset -f declare printf set umask
	printf '# The shell of a failed build, written by the hook of nix-build-shell: to be sourced at the top level.\n'
	printf 'builtin cd -- %q\numask %s\n' "${_nixBuildShellCwd%??}" "$(umask)"
	# A line of a value can look like a declaration. Then no variable has its name, or one that is printed anyway.
	_nixBuildShellSplit "$(declare -p)"
	for _nixBuildShell_it in "${_nixBuildShell_lines[@]}"; do
		[[ $_nixBuildShell_it == 'declare -'* ]] || continue
		_nixBuildShell_it=${_nixBuildShell_it#declare -* } _nixBuildShell_it=${_nixBuildShell_it%%=*}
		[[ $_nixBuildShell_it != *[!A-Za-z0-9_]* && -z ${_nixBuildShell_seen[$_nixBuildShell_it]-} ]] || continue
		_nixBuildShell_seen[$_nixBuildShell_it]=1
		case $_nixBuildShell_it in
		_nixBuildShell* | _ | BASHOPTS | BASHPID | BASH_ALIASES | BASH_ARG[CV] | BASH_ARGV0 | BASH_CMDS) ;;
		BASH_COMMAND | BASH_EXECUTION_STRING | BASH_LINENO | BASH_MONOSECONDS | BASH_REMATCH | BASH_SOURCE) ;;
		BASH_SUBSHELL | BASH_TRAPSIG | BASH_VERSINFO | BASH_VERSION | BASH_XTRACEFD | COMP_WORDBREAKS) ;;
		DIRSTACK | EPOCHREALTIME | EPOCHSECONDS | EUID | FUNCNAME | GROUPS | HISTCMD | LINENO | PIPESTATUS) ;;
		PPID | RANDOM | SECONDS | SHELLOPTS | SRANDOM | UID) ;;
		IFS) printf '%s\n' "$_nixBuildShell_ifs" ;;
		*) declare -p "$_nixBuildShell_it" ;;
		esac
	done
	printf 'shopt -s extglob\n%s\n' "$_nixBuildShell_functions"
	_nixBuildShellSplit "$_nixBuildShell_shopts"$'\n'"$_nixBuildShell_options"
	for _nixBuildShell_it in "${_nixBuildShell_lines[@]}"; do
		case $_nixBuildShell_it in
		*' login_shell' | *' restricted_shell' | 'shopt -u compat'*) ;;
		# An interactive shell sets these itself.
		'set +o emacs' | 'set +o hist'* | 'set +o monitor' | 'set +o vi') ;;
		# The hook sets errtrace, and stdenv's exit handler changes errexit.
		*' errtrace') [[ -n ${_nixBuildShellErrtrace-} ]] || printf '%s\n' "$_nixBuildShell_it" ;;
		*' errexit') ;;
		*) printf '%s 2>/dev/null\n' "$_nixBuildShell_it" ;;
		esac
	done
	[[ -z $1 ]] || printf 'set -o errexit\n'
}

_nixBuildShellDumpFunctions() {
	_nixBuildShellSplit "$(builtin declare -F)"
	for _nixBuildShell_it in "${_nixBuildShell_lines[@]}"; do
		[[ ${_nixBuildShell_it##* } != _nixBuildShell* ]] || continue
		builtin declare -f -- "${_nixBuildShell_it##* }"
		[[ $_nixBuildShell_it == 'declare -f '* ]] || builtin printf '%s\n' "$_nixBuildShell_it"
	done
}
