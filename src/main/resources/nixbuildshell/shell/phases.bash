# shellcheck shell=bash disable=SC2154
# The commands of the shell at the failure. Each runs in a process of its own, of the build's own bash: in a subshell of
# this shell a phase would go on after a failure wherever the command stands in a condition.

retry() { _nbsRun retry "$@"; }
resume() { _nbsRun resume "$@"; }
phases() { _nbsRun phases "$@"; }

_nbsRun() (
	(_nbsRecords) >|"$_nbsShell/now" 2>/dev/null
	builtin exec "$_nbsBash" -p "$_nbsShell/run.bash" "$@"
)

# Prints the variables and functions of the shell: records that end with NUL, of a line that takes it away as arguments of
# `unset`, and of what makes it anew. Only for a subshell.
_nbsRecords() {
	builtin declare _nixBuildShell_it _nixBuildShell_lines _nixBuildShell_names
	builtin set +euxvC -f +o posix
	builtin shopt -u nocasematch
	_nixBuildShellNames
	for _nixBuildShell_it in "${_nixBuildShell_names[@]}"; do
		case $_nixBuildShell_it in
		_nixBuildShell* | _nbs* | _ | BASH* | COLUMNS | COMP_* | COPROC | DIRSTACK | EPOCH* | EUID | FUNCNAME | GROUPS | HIST*) ;;
		IFS | LINENO | LINES | MAILCHECK | OLDPWD | OPTERR | OPTIND | PIPESTATUS | PPID | PROMPT_* | PS[0-4] | PWD | RANDOM) ;;
		READLINE_* | SECONDS | SHELLOPTS | SHLVL | SRANDOM | TERM | UID) ;;
		*)
			builtin printf -- '-v %s\n' "$_nixBuildShell_it"
			builtin declare -p "$_nixBuildShell_it"
			builtin printf '\0'
			;;
		esac
	done
	_nixBuildShellSplit "$(builtin declare -F)"
	for _nixBuildShell_it in "${_nixBuildShell_lines[@]}"; do
		_nixBuildShell_it=${_nixBuildShell_it##* }
		[[ $_nixBuildShell_it != @(_nixBuildShell*|_nbs*|retry|resume|phases) ]] || continue
		builtin printf -- '-f %s\n' "$_nixBuildShell_it"
		builtin declare -f -- "$_nixBuildShell_it"
		builtin printf '\0'
	done
}
