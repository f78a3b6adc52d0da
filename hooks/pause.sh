# shellcheck shell=bash
# Part of the setup hook. With `nixBuildShellPause = true` the build waits at its failure, so that `nix-build-shell
# attach` can enter it alive; with `nixBuildShellPauseTimeout`, for so many seconds (an hour by default). A line in
# each `nixBuildShellPauseInterval` seconds (240) keeps Nix's max-silent-time from ending the wait.

_nixBuildShellIsToPause() { [[ ${nixBuildShellPause-} == @(1|true) ]]; }

# _nixBuildShellSeconds VALUE DEFAULT: sets _nixBuildShell_seconds to VALUE if it is a natural number, else to DEFAULT.
_nixBuildShellSeconds() {
	_nixBuildShell_seconds=$2
	[[ $1 != [1-9]* || $1 == *[!0-9]* || ${#1} -gt 6 ]] || _nixBuildShell_seconds=$1
}

# _nixBuildShellMakePause ID PROGRAM FLAKE: writes what `attach` needs to know, the time at which the pause
# ends and the interval of the lines, and prints how to enter.
_nixBuildShellMakePause() {
	declare _nixBuildShell_seconds _nixBuildShell_end _nixBuildShell_phase=${curPhase-}
	_nixBuildShell_phase=${_nixBuildShell_phase//[!A-Za-z0-9_]/}
	_nixBuildShell_phase=${_nixBuildShell_phase:0:80}
	_nixBuildShellSeconds "${nixBuildShellPauseTimeout-}" 3600
	printf -v _nixBuildShell_end '%(%s)T' -1
	((_nixBuildShell_end += _nixBuildShell_seconds))
	_nixBuildShellSeconds "${nixBuildShellPauseInterval-}" 240
	_nixBuildShellWrite pause printf '%s\n' "$_nixBuildShell_end $_nixBuildShell_seconds $1 ${_nixBuildShell_phase:--}" || return 0
	TZ=UTC printf 'nix-build-shell: the build waits until %(%F %T)T UTC, or until Nix ends it; enter it with\n' "$_nixBuildShell_end"
	# shellcheck disable=SC2016
	case $2 in
	/*) printf '    sudo %s attach %s\n' "$2" "$1" ;;
	*) printf '    sudo $(command -v %s)%s attach %s\n' "${2%% *}" "${2#"${2%% *}"}" "$1" ;;
	esac
	# shellcheck disable=SC2016
	[[ -z $3 ]] ||
		printf '    sudo $(nix build --no-link --print-out-paths %q#nix-build-shell)/bin/nix-build-shell attach %s\n' "$3" "$1"
}

# Waits without CPU: nothing is ever written to the pipe that it reads. When `attach` enters the build, this never goes
# on. Only for a subshell that _nixBuildShellPlain has prepared.
_nixBuildShellWait() {
	declare LC_ALL=C IFS=' ' _nixBuildShell_end _nixBuildShell_interval _nixBuildShell_now _nixBuildShell_pipe
	read -r _nixBuildShell_end _nixBuildShell_interval _ <"$NIX_BUILD_TOP/.nix-build-shell/pause" || return 0
	exec {_nixBuildShell_pipe}<> <(:) || return 0
	while printf -v _nixBuildShell_now '%(%s)T' -1 && ((_nixBuildShell_now < _nixBuildShell_end)); do
		((_nixBuildShell_now = _nixBuildShell_end - _nixBuildShell_now))
		((_nixBuildShell_now < _nixBuildShell_interval)) || _nixBuildShell_now=$_nixBuildShell_interval
		read -r -t "$_nixBuildShell_now" -u "$_nixBuildShell_pipe" _
		(($? > 128)) || return 0
		TZ=UTC printf 'nix-build-shell: the build waits until %(%F %T)T UTC\n' "$_nixBuildShell_end" >&3
	done
}
