# shellcheck shell=bash disable=SC1090,SC2034,SC2154,SC2317
# Rebuilds the variables of a build: sources $stdenv/setup as the builder did, once, in a build directory of its own.
# Arguments: the build directory, the text of the hook's state.sh, the builder's arguments.
#
# DIRECTORY/env-vars has the declarations that the builder began with. It gets what the builder's programs got, as stdenv
# writes it. DIRECTORY/.nix-build-shell.bash gets all of the shell: variables, arrays, functions and options.
_nixBuildShellDirectory=$1 _nixBuildShellText=$2 _nixBuildShellBuilder=("${@:3}") _nixBuildShellWhy=failed
_nixBuildShellCwd=$1$'\n'. # state.sh takes the two last characters off.
set --
exec </dev/null >&2

# A setup that fails ends the shell (exit, set -e, set -u). Then the results are what it had made by then.
_nixBuildShellEnd() {
	builtin set +eu
	builtin unset -f trap echo
	if [[ -n $_nixBuildShellWhy ]]; then
		builtin echo "nix-build-shell: $_nixBuildShellSetup failed: going on with what it had set up by then" >&2
	fi
	# The hook's own functions can be of another version.
	eval "$_nixBuildShellText"
	builtin export -p >|"$_nixBuildShellDirectory/env-vars"
	(_nixBuildShellDump errexit) >|"$_nixBuildShellDirectory/.nix-build-shell.bash"
	builtin exit 0
}

# Decides whether the builder calls genericBuild, by its arguments and the scripts among them.
_nixBuildShellIsGeneric() {
	builtin declare _nixBuildShell_it
	[[ $(builtin declare -f genericBuild) == *runPhase* ]] || return 1
	for _nixBuildShell_it in "${_nixBuildShellBuilder[@]}"; do
		[[ $_nixBuildShell_it != *genericBuild* ]] || return 0
		[[ ! -f $_nixBuildShell_it || $(<"$_nixBuildShell_it") != *genericBuild* ]] || return 0
	done 2>/dev/null
	return 1
}

# Prints what genericBuild exports before its first phase. Only for a subshell.
_nixBuildShellGeneric() {
	declare -gA _nixBuildShellBefore=()
	builtin declare IFS=$'\n' _nixBuildShell_it
	exec {_nixBuildShellOut}>&1 >&2
	for _nixBuildShell_it in $(compgen -e); do _nixBuildShellBefore[$_nixBuildShell_it]=${!_nixBuildShell_it}; done
	builtin trap _nixBuildShellNews EXIT
	runPhase() { builtin exit; }
	unset -v phases buildCommand buildCommandPath
	# No phase, and yet not empty: an empty list would stand for the usual phases.
	phases=' '
	unset -v IFS
	genericBuild
	builtin exit
}

_nixBuildShellNews() {
	builtin set +eu
	builtin declare IFS=$'\n'
	for _nixBuildShell_it in $(compgen -e); do
		case $_nixBuildShell_it in phases | buildCommand | buildCommandPath | _) continue ;; esac
		[[ ${_nixBuildShellBefore[$_nixBuildShell_it]+x${_nixBuildShellBefore[$_nixBuildShell_it]}} == "x${!_nixBuildShell_it}" ]] ||
			builtin declare -p "$_nixBuildShell_it"
	done >&"$_nixBuildShellOut"
}

builtin source "$_nixBuildShellDirectory/env-vars"
_nixBuildShellSetup=$stdenv/setup
builtin trap _nixBuildShellEnd EXIT
if [[ -r $_nixBuildShellSetup ]]; then
	# The EXIT trap of setup would run the failure hooks of the build; breakpointHook waits there.
	trap() { :; }
	# What setup says in every build with structured attributes is no news to the caller.
	echo() { [[ $* == 'structuredAttrs is enabled' ]] || builtin echo "$@"; }
	set -e
	source "$_nixBuildShellSetup"
	_nixBuildShellWhy=
	if _nixBuildShellIsGeneric; then
		eval "$(_nixBuildShellGeneric)"
	fi
else
	_nixBuildShellWhy=
	echo "nix-build-shell: $_nixBuildShellSetup is missing: going on without stdenv's phases and PATH" >&2
fi
