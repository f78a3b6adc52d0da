# shellcheck shell=bash
# Part of the setup hook. Looks for traps of the build's own before the larger parts of the hook are there: to print and search
# those, too, would take 1.5 ms of each build.

# Decides whether the build has an ERR or DEBUG trap, or its text sets one. The hook's errtrace would run an ERR trap
# more often, and a DEBUG trap would run for the commands of the hook's own trap.
_nixBuildShellHasTrap() {
	declare _nixBuildShell_text
	_nixBuildShellCapture _nixBuildShellPrintAll
	_nixBuildShell_text+=$'\n'
	# The pattern takes a time that grows with the square of the text, and nearly no text gets to it.
	[[ $_nixBuildShell_text =~ [[:space:]](ERR|DEBUG)[^A-Za-z0-9_] ]] &&
		[[ $_nixBuildShell_text == *trap[[:space:]]*[[:space:]]@(ERR|DEBUG)[!A-Za-z0-9_]* ]]
}

# shellcheck disable=SC2128 # the script's text is the array's first element
_nixBuildShellPrintAll() {
	declare _nixBuildShell_script
	# The quotes hide this text from the search.
	trap -p "ERR" "DEBUG"
	declare -p
	declare -f
	[[ ! -f ${buildCommandPath-} ]] || ! mapfile -d '' -t _nixBuildShell_script <"$buildCommandPath" ||
		printf '%s\n' "$_nixBuildShell_script"
}

if [[ -z ${IN_NIX_SHELL-} && -z ${_nixBuildShellPath-} ]]; then
	_nixBuildShellSaved='' _nixBuildShellScratch='' _nixBuildShellTrap=''
	# Only the builder of a sandbox is process 1.
	if (($$ == 1)) && [[ -d /dev/shm && -w /dev/shm ]]; then
		_nixBuildShellSaved=/dev/shm/.nix-build-shell-phase _nixBuildShellScratch=/dev/shm/.nix-build-shell-scratch
	fi
	[[ ${nixBuildShellTrap-1} != @(1|true) ]] || _nixBuildShellHasTrap 2>/dev/null || _nixBuildShellTrap=1
fi
