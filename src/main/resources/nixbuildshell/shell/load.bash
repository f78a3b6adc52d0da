# shellcheck shell=bash disable=SC1090,SC1091,SC2034,SC2154,SC2317
# Part of the shell at the failure. start.bash and run.bash source it at the top level, after facts.bash. Sets
# _nbsFiles, the files that make the best state there is, and defines what both need. What sources the files must do it
# at the top level too: a state's `declare` in a function would make locals.
#
# The build's state can have functions that are called as builtins are, and any IFS. So what runs after it was loaded
# says `builtin`, uses [[ and (( only, and splits no words.

_nbsTop=$nbsFactTop _nbsKept=$nbsFactTop/.nix-build-shell

# _nbsTool NAME: sets _nbsTool to the program's path, in PATH or else anywhere in the store.
_nbsTool() {
	builtin declare _nbsRest=${PATH-}:
	while [[ -n $_nbsRest ]]; do
		_nbsTool=${_nbsRest%%:*}/$1
		[[ ! -f $_nbsTool || ! -x $_nbsTool ]] || return 0
		_nbsRest=${_nbsRest#*:}
	done
	for _nbsTool in "${NIX_STORE:-/nix/store}"/*/bin/"$1"; do
		[[ ! -f $_nbsTool || ! -x $_nbsTool ]] || return 0
	done
	return 1
}

# Makes environment.bash for a kept env-vars, which lacks functions and arrays: sources setup again, in a directory of its
# own, whose path then gives way to that of the build.
_nbsMakeEnvironment() (
	[[ -z $nbsFactStructured ]] || source "$_nbsTop/.attrs.sh"
	source "$_nbsTop/env-vars"
	set +eu
	[[ -r ${stdenv-}/setup ]] && _nbsTool mkdir && "$_nbsTool" -p "$_nbsShell/setup" || exit 0
	{
		[[ -z $nbsFactStructured ]] || printf 'source %q\n' "$_nbsTop/.attrs.sh"
		printf 'source %q\n' "$_nbsTop/env-vars"
		printf "export %s=$_nbsShell/setup\n" NIX_BUILD_TOP TMPDIR TEMPDIR TMP TEMP
	} >"$_nbsShell/setup/env-vars"
	cd "$_nbsShell/setup" || exit
	"$nbsFactBash" -c "$(<"$_nbsShell/rebuild.bash")" nix-build-shell "$_nbsShell/setup" "$(<"$_nbsShell/dump.bash")" \
		"${nbsFactBuilder[@]:1}" </dev/null
	_nbsText=$(<.nix-build-shell.bash)
	printf '%s\n' "${_nbsText//"$_nbsShell/setup"/"$_nbsTop"}" >"$_nbsShell/environment.bash"
) >/dev/null 2>&1

[[ $nbsFactState != envvars || ! -r $_nbsTop/env-vars || -e $_nbsShell/environment.bash ]] || _nbsMakeEnvironment

# _nbsChooseFailure: sets _nbsFiles for the state at the failure.
_nbsChooseFailure() {
	_nbsFiles=()
	if [[ $nbsFactState == hook && -r $_nbsKept/state.bash ]]; then
		_nbsFiles=("$_nbsKept/state.bash")
		return
	fi
	if [[ -r $_nbsShell/environment.bash ]]; then
		_nbsFiles+=("$_nbsShell/environment.bash")
	elif [[ -n $nbsFactStructured && -r $_nbsTop/.attrs.sh ]]; then
		_nbsFiles+=("$_nbsTop/.attrs.sh")
	fi
	[[ $nbsFactState == rebuilt || ! -r $_nbsTop/env-vars ]] || _nbsFiles+=("$_nbsTop/env-vars")
}

# _nbsText FILE: sets _nbsText to the file's text, without the readonly attribute of the variables that an interactive
# shell has to set.
_nbsText() {
	builtin declare _nbsRegex=$'(^|\n)''declare -([a-zA-Z]*)r([a-zA-Z]*) (PS[0124]|PROMPT_[A-Z]*|HIST[A-Z]*|TMOUT|IGNOREEOF)='
	_nbsText=$(<"$1")
	while [[ $_nbsText =~ $_nbsRegex ]]; do
		_nbsText=${_nbsText/"${BASH_REMATCH[0]}"/"${BASH_REMATCH[1]}declare -${BASH_REMATCH[2]}${BASH_REMATCH[3]:-${BASH_REMATCH[2]:--}} ${BASH_REMATCH[4]}="}
	done
}

# _nbsPhases: sets _nbsPhases to the names of the build's phases, in order. Only after the state was loaded.
_nbsPhases() {
	builtin declare IFS=$' \t\n' _nbsAll
	builtin set -f
	_nbsAll="${phases[*]-}"
	if [[ -z ${_nbsAll//[[:space:]]/} ]]; then
		if [[ $(builtin declare -f genericBuild) == *runPhase* ]]; then
			_nbsAll=$(
				runPhase() { builtin printf '%s\n' "$1"; }
				builtin unset -v buildCommand buildCommandPath
				genericBuild 2>/dev/null
			)
		else
			_nbsAll="${prePhases[*]-} unpackPhase patchPhase ${preConfigurePhases[*]-} configurePhase ${preBuildPhases[*]-}
				buildPhase checkPhase ${preInstallPhases[*]-} installPhase ${preFixupPhases[*]-} fixupPhase installCheckPhase
				${preDistPhases[*]-} distPhase ${postPhases[*]-}"
		fi
	fi
	# shellcheck disable=SC2206
	_nbsPhases=($_nbsAll)
	builtin set +f
}

_nbsHasPhases() {
	builtin declare _nbsIt
	[[ -n $(builtin declare -F genericBuild) && -z ${buildCommand-} && ! -f ${buildCommandPath-} ]] || return 1
	for _nbsIt in "${nbsFactBuilder[@]:1}"; do
		[[ $_nbsIt != *genericBuild* ]] || return 0
		[[ ! -f $_nbsIt || $(<"$_nbsIt") != *genericBuild* ]] || return 0
	done 2>/dev/null
	((${#nbsFactBuilder[@]} == 0))
}

# _nbsFirstPhase: a build that has not begun stands at its first phase. Only after _nbsPhases.
_nbsFirstPhase() {
	[[ -n ${nbsFactFresh-} && -z $nbsFactPhase ]] && _nbsHasPhases || return 0
	nbsFactPhase=${_nbsPhases[0]-}
}

# _nbsIndex PHASE: sets _nbsIndex to its place among _nbsPhases, empty when it has none.
_nbsIndex() {
	for _nbsIndex in "${!_nbsPhases[@]}"; do
		[[ ${_nbsPhases[_nbsIndex]} != "$1" ]] || return 0
	done
	_nbsIndex=
}

# _nbsIsAfterConfigure PHASE
_nbsIsAfterConfigure() {
	builtin declare _nbsIndex _nbsConfigure
	_nbsIndex configurePhase
	_nbsConfigure=$_nbsIndex
	_nbsIndex "$1"
	[[ -n $_nbsConfigure && -n $_nbsIndex ]] && ((_nbsIndex > _nbsConfigure))
}

# _nbsRule PHASE: sets _nbsDirectory to where stdenv's rule has this phase: sourceRoot, or the only directory that
# unpacking made, and after configurePhase the directory that the hook of CMake or Meson entered. After _nbsPhases.
_nbsRule() {
	builtin declare _nbsIt _nbsBelow=
	_nbsDirectory=$_nbsTop
	[[ $1 != unpackPhase ]] || return 0
	_nbsSource
	! _nbsIsAfterConfigure "$1" || for _nbsIt in cmake meson; do
		[[ ${configurePhase:-${_nbsIt}ConfigurePhase} == "${_nbsIt}ConfigurePhase" ]] || continue
		[[ -n $(builtin declare -F "${_nbsIt}ConfigurePhase") ]] || continue
		if [[ $_nbsIt == cmake ]]; then
			[[ -z ${dontUseCmakeBuildDir-}${dontUseCmakeConfigure-} ]] || continue
			_nbsBelow=${cmakeBuildDir:-build}
		else
			[[ -z ${dontUseMesonConfigure-} ]] || continue
			_nbsBelow=${mesonBuildDir:-build}
		fi
		[[ ! -d $_nbsDirectory/$_nbsBelow ]] || _nbsDirectory+=/$_nbsBelow
		builtin break
	done
}

_nbsSource() {
	builtin declare _nbsIt _nbsOnly
	_nbsOnly=()
	if [[ -n ${sourceRoot-} ]]; then
		[[ $sourceRoot == /* ]] && _nbsIt=$sourceRoot || _nbsIt=$_nbsTop/$sourceRoot
		[[ ! -d $_nbsIt ]] || _nbsDirectory=$_nbsIt
		return 0
	fi
	for _nbsIt in "$_nbsTop"/*; do
		[[ ! -d $_nbsIt || -L $_nbsIt || " ${nbsFactFiles[*]} " == *" ${_nbsIt##*/} "* ]] || _nbsOnly+=("$_nbsIt")
	done
	((${#_nbsOnly[@]} != 1)) || _nbsDirectory=${_nbsOnly[0]}
}

# _nbsDefaults: gives the shell the options that bash has by default, and those of the text $1, which `shopt -p` made.
_nbsDefaults() {
	builtin set +abefkntuvxCEPT -hB +o pipefail +o posix
	builtin eval "builtin ${1//$'\n'/$'\n'builtin }"
	builtin trap - EXIT ERR DEBUG RETURN
}
