# shellcheck shell=bash disable=SC1090,SC1091,SC2016,SC2034,SC2154,SC2317
# Runs phases of the failed build, or lists them, in a shell that has the state of the phase's start. run.bash starts it
# and says which files it reads and writes. Arguments as those of run.bash.
#
# The build's state can have functions that are called as builtins are, and any IFS: see load.bash.
set +p
_nbsShell=${BASH_SOURCE[0]%/*}
source "$_nbsShell/facts.bash"
_nbsShell=$nbsFactTop/.nix-build-shell/shell
source "$_nbsShell/load.bash"
source "$_nbsShell/dump.bash"
source "$_nbsShell/say.bash"

_nbsStop() {
	_nbsSay "$1"
	builtin trap - EXIT
	builtin exit "${2:-2}"
}

_nbsUsage() { _nbsStop 'usage: retry [--trace] [PHASE]; resume [--trace]; phases'; }

_nbsLog() { builtin printf '%s\0' "$@" >>"$_nbsShell/progress"; }

_nbsArguments() {
	_nbsCommand=$1 _nbsTrace='' _nbsWanted='' _nbsFailed=$nbsFactPhase _nbsToCome=''
	builtin shift
	if [[ -s $_nbsShell/failed ]]; then
		_nbsFailed=$(<"$_nbsShell/failed")
	elif [[ -s $_nbsShell/next ]]; then
		_nbsFailed=$(<"$_nbsShell/next") _nbsToCome=1
	elif [[ -n ${nbsFactFresh-} && ! -e $_nbsShell/failed ]]; then
		_nbsToCome=1
	fi
	while (($# > 0)); do
		case $1 in
		--trace) _nbsTrace=1 ;;
		-* | '') _nbsUsage ;;
		*)
			[[ $_nbsCommand == @(retry|until) && -z $_nbsWanted ]] || _nbsUsage
			_nbsWanted=$1
			;;
		esac
		builtin shift
	done
}

# Takes away the variables of the caller's shell, which the build's state may lack.
_nbsForgetEnvironment() {
	builtin declare _nixBuildShell_it _nixBuildShell_lines _nixBuildShell_names
	builtin set -f
	_nixBuildShellNames
	for _nixBuildShell_it in "${_nixBuildShell_names[@]}"; do
		[[ ${!_nixBuildShell_it@a} != *x* ]] || builtin unset -v "$_nixBuildShell_it"
	done
	builtin set +f
}

# Decides whether the phase starts from a tree that it has changed already. The empty name is the builder.
_nbsIsFirst() { [[ $1 == @(unpackPhase|patchPhase|) ]]; }

# _nbsChoose PHASE: sets _nbsFiles to those of the state at the phase's start, or the best there is instead.
_nbsChoose() {
	_nbsAtStart=
	if [[ $1 != */* && -r $_nbsShell/phase.$1.bash ]]; then
		_nbsFiles=("$_nbsShell/phase.$1.bash") _nbsAtStart=1
	elif [[ $nbsFactState == hook && -r $_nbsKept/phase.bash ]] &&
		{ [[ $1 == "$nbsFactPhase" ]] || { _nbsIsFirst "$1" && _nbsIsFirst "$nbsFactPhase"; }; }; then
		_nbsFiles=("$_nbsKept/phase.bash") _nbsAtStart=1
	elif _nbsIsFirst "$1" && [[ -r $_nbsShell/environment.bash ]]; then
		_nbsFiles=("$_nbsShell/environment.bash")
	else
		_nbsChooseFailure
	fi
}

# _nbsMatch NAME: sets _nbsPhase to the phase with this name, or the only one whose name begins so.
_nbsMatch() {
	builtin declare _nbsIt _nbsFound IFS=' '
	_nbsFound=()
	_nbsPhase=$1
	_nbsIndex "$1"
	[[ -z $_nbsIndex ]] || return 0
	for _nbsIt in "${_nbsPhases[@]}"; do
		[[ $_nbsIt != "$1"* ]] || _nbsFound+=("$_nbsIt")
	done
	if ((${#_nbsFound[@]} == 1)); then
		_nbsPhase=${_nbsFound[0]}
	elif ((${#_nbsFound[@]} > 1)); then
		_nbsStop "$1 can be ${_nbsFound[*]}"
	elif [[ $1 == *[!A-Za-z0-9_]* || (-z $(builtin declare -F "$1") && -z ${!1-}) ]]; then
		_nbsStop "no phase is called $1; there are ${_nbsPhases[*]}"
	fi
}

# _nbsSkips PHASE: sets _nbsReason to why stdenv skips the phase; empty when it does not.
_nbsSkips() {
	builtin declare _nbsName
	_nbsReason=
	case $1 in
	unpackPhase | patchPhase | configurePhase | buildPhase | installPhase | fixupPhase) _nbsName=dont${1^} ;;
	checkPhase | installCheckPhase | distPhase) _nbsName=do${1^} ;;
	*) return 0 ;;
	esac
	_nbsName=${_nbsName%Phase}
	[[ $_nbsBuiltBy == *"\${$_nbsName"* ]] || return 0
	case $_nbsName${!_nbsName:+=} in
	dont*=) _nbsReason="$_nbsName is set" ;;
	dont*) ;;
	*=) ;;
	*) _nbsReason="$_nbsName is not set" ;;
	esac
}

_nbsList() {
	builtin declare _nbsIt _nbsPassed='' _nbsWhat _nbsAt
	_nbsIndex "$_nbsFailed"
	_nbsAt=$_nbsIndex
	[[ ! -r $_nbsShell/passed ]] || _nbsPassed=$'\n'$(<"$_nbsShell/passed")$'\n'
	for _nbsIt in "${!_nbsPhases[@]}"; do
		_nbsSkips "${_nbsPhases[_nbsIt]}"
		if [[ $_nbsPassed == *$'\n'"${_nbsPhases[_nbsIt]}"$'\n'* ]]; then
			_nbsWhat='done'
		elif [[ -n $_nbsReason ]]; then
			_nbsWhat="skipped: $_nbsReason"
		elif [[ -z $_nbsAt ]]; then
			_nbsWhat='not known'
		elif ((_nbsIt < _nbsAt)); then
			_nbsWhat='done'
		elif ((_nbsIt == _nbsAt)) && [[ -z $_nbsToCome ]]; then
			_nbsWhat=failed
		else
			_nbsWhat='to come'
		fi
		builtin printf '%-24s %s\n' "${_nbsPhases[_nbsIt]}" "$_nbsWhat"
	done
	[[ -n $_nbsAt || -z $_nbsFailed ]] || builtin printf '%-24s %s\n' "$_nbsFailed" failed
}

_nbsNeed() { _nbsTool "$1" || _nbsStop "cannot move files aside: the build has no $1" 125; }

# Moves aside what the phase began of the outputs; before the first phases all outputs.
_nbsMoveOutputs() {
	builtin declare _nbsIt _nbsPaths _nbsNumber
	if [[ -n $_nbsFirst ]]; then
		_nbsPaths=("${nbsFactOutputs[@]}")
	else
		builtin mapfile -d '' -t _nbsPaths <"$_nbsShell/begun"
		for _nbsIt in "${!_nbsPaths[@]}"; do
			[[ ${_nbsPaths[_nbsIt]} == "$_nbsPhase"/* ]] || builtin unset -v "_nbsPaths[_nbsIt]"
		done
		_nbsPaths=("${_nbsPaths[@]#"$_nbsPhase/"}")
	fi
	for _nbsIt in "${_nbsPaths[@]}"; do
		[[ -e $_nbsIt || -L $_nbsIt ]] || continue
		_nbsNeed mv
		_nbsNumber=1
		while [[ -e ${_nbsIt%/*}/.${_nbsIt##*/}.$_nbsNumber || -L ${_nbsIt%/*}/.${_nbsIt##*/}.$_nbsNumber ]]; do
			((++_nbsNumber))
		done
		"$_nbsTool" -- "$_nbsIt" "${_nbsIt%/*}/.${_nbsIt##*/}.$_nbsNumber" || _nbsStop "cannot move $_nbsIt aside" 125
		_nbsSay "moved $_nbsIt to ${_nbsIt%/*}/.${_nbsIt##*/}.$_nbsNumber: ${_nbsPhase:-the builder} makes it anew"
		_nbsLog "output=$_nbsIt"
	done
}

# Moves aside all files of the build directory but Nix's own.
_nbsEmptyTop() {
	builtin declare _nbsIt _nbsNumber=1 _nbsMoved
	_nbsMoved=()
	for _nbsIt in "$_nbsTop"/* "$_nbsTop"/.[!.]* "$_nbsTop"/..?*; do
		[[ -e $_nbsIt || -L $_nbsIt ]] || continue
		[[ ${_nbsIt##*/} != @(.nix-build-shell|env-vars) ]] || continue
		[[ " ${nbsFactFiles[*]} " == *" ${_nbsIt##*/} "* ]] || _nbsMoved+=("$_nbsIt")
	done
	((${#_nbsMoved[@]} > 0)) || return 0
	while [[ -e $_nbsKept/aside.$_nbsNumber ]]; do ((++_nbsNumber)); done
	_nbsNeed mkdir
	"$_nbsTool" "$_nbsKept/aside.$_nbsNumber" || _nbsStop "cannot make $_nbsKept/aside.$_nbsNumber" 125
	_nbsNeed mv
	"$_nbsTool" -- "${_nbsMoved[@]}" "$_nbsKept/aside.$_nbsNumber/" || _nbsStop "cannot move all files of $_nbsTop aside" 125
	_nbsSay "moved the files of $_nbsTop to $_nbsKept/aside.$_nbsNumber: ${_nbsPhase:-the builder} starts in an empty directory"
	if [[ ${HOME-} == "$_nbsTop"/* && ! -e $HOME ]]; then
		_nbsNeed mkdir
		"$_nbsTool" -p "$HOME"
	fi
}

# _nbsPrepare: does the work before the phase in a shell with bash's own options.
_nbsPrepare() {
	builtin set +euf
	builtin shopt -u failglob nocasematch dotglob
	builtin shopt -s nullglob
	builtin unset -v GLOBIGNORE
	builtin declare IFS=' '
	_nbsMoveOutputs
	[[ -z $_nbsFirst || -n $_nbsToCome ]] || _nbsEmptyTop
}

# Enters the directory where the phase started. Of what env-vars says, PWD is true at the start of the phase that failed.
_nbsEnter() {
	if [[ -n $_nbsFirst ]]; then
		_nbsDirectory=$_nbsTop
	elif [[ -n $_nbsAtStart ]]; then
		_nbsDirectory=$PWD
	else
		_nbsRule "$_nbsPhase"
		if [[ $nbsFactState != rebuilt && -r $_nbsTop/env-vars ]] &&
			{ _nbsIsAfterConfigure "$_nbsPhase" || ! _nbsIsAfterConfigure "$nbsFactPhase"; }; then
			_nbsText=$(
				builtin source "$_nbsTop/env-vars" >/dev/null 2>&1
				builtin printf '%s' "${PWD-}."
			)
			[[ ! -d ${_nbsText%.} ]] || _nbsDirectory=${_nbsText%.}
		fi
	fi
	builtin cd -- "$_nbsDirectory" || _nbsStop "cannot enter $_nbsDirectory, where $_nbsPhase starts" 125
}

# _nbsEvalLine FUNCTION COMMAND: sets _nbsEvalLine to the line where the function evaluates a phase's text.
_nbsEvalLine() {
	builtin declare _nbsText _nbsBefore
	_nbsEvalLine=
	_nbsText=$(builtin declare -f "$1")
	_nbsBefore=${_nbsText%%"$2"*}
	[[ $_nbsBefore != "$_nbsText" ]] || return 0
	_nbsBefore=${_nbsBefore//[!$'\n']/}
	_nbsText=$(
		builtin shopt -s extdebug
		builtin declare -F "$1"
	)
	_nbsText=${_nbsText#* }
	_nbsEvalLine=$((${_nbsText%% *} + ${#_nbsBefore}))
}

# Says where the command failed. A function that the state lacks, or runPhase, stands for the phase's own text.
_nbsNoteFailure() {
	builtin declare _nbsFile=${BASH_SOURCE[1]-} _nbsLine=$2
	_nbsAtFailure "$1"
	if [[ ${FUNCNAME[1]-} == @(runPhase|genericBuild|_nbsRunAll) || $_nbsKnown != *" ${FUNCNAME[1]-}"$'\n'* ]]; then
		[[ $_nbsFile != "${_nbsFiles[0]-}" && ${FUNCNAME[1]-} != _nbsRunAll ]] || {
			_nbsFile=${curPhase:-buildCommand}
			_nbsLine=${_nbsEvalLine:+$((_nbsLine - _nbsEvalLine + 1))}
		}
	fi
	builtin printf '%s\0' "status=$1" "command=$3" "file=$_nbsFile" "line=$_nbsLine" ${5+pipeline=} >|"$_nbsShell/failure"
}

# _nbsAtFailure STATUS: leaves the state of a failure on the way to a phase. An ERR trap comes first, and sees locals.
_nbsAtFailure() {
	[[ $_nbsCommand == until && $1 != 0 && -z $_nbsIsSaved && -s $_nbsShell/progress ]] || return 0
	_nbsIsSaved=1
	_nbsLog "directory=$PWD"
	_nbsSave "$_nbsKept/state.bash"
}

# The EXIT trap sees no line, and of bash's commands only the outermost. An ERR trap has said more.
_nbsNoteExit() {
	_nbsAtFailure "$1"
	[[ -s $_nbsShell/failure ]] || ((${1} == 0)) ||
		builtin printf '%s\0' "status=$1" "command=$([[ $2 == 'eval '* ]] || builtin printf '%s' "$2")" >|"$_nbsShell/failure"
}

# _nbsSave FILE [errexit]: saves the state at the start of a phase.
_nbsSave() {
	_nixBuildShellCwd=$PWD$'\n'. _nixBuildShellErrtrace=1
	(_nixBuildShellDump "${2-}") >|"$1"
}

_nbsBegin() {
	{ builtin set +x; } 2>/dev/null
	builtin declare _nbsIt
	: >|"$_nbsShell/failure"
	_nbsLog phase=
	for _nbsIt in "${nbsFactOutputs[@]}"; do
		[[ ! -e $_nbsIt && ! -L $_nbsIt ]] || _nbsLog "before=$_nbsIt"
	done
	_nbsLog "begin=$curPhase" "directory=$PWD"
	_nbsSkips "$curPhase"
	if [[ -n $_nbsReason ]]; then
		_nbsSay "$curPhase is skipped: $_nbsReason"
		_nbsLog "skipped=$_nbsReason"
	elif [[ $_nbsCommand == resume && $curPhase != "$_nbsPhase" && $curPhase != */* ]]; then
		_nbsSave "$_nbsShell/phase.$curPhase.bash" errexit
	elif [[ $_nbsCommand == until ]]; then
		_nbsSave "$_nbsKept/phase.bash" errexit
	fi
	[[ -z $_nbsTrace ]] || builtin set -x
}

_nbsRunAll() {
	for curPhase in "${_nbsTodo[@]}"; do
		_nbsBegin
		if [[ -n $_nbsRunPhase ]]; then
			runPhase "$curPhase"
		elif [[ -z $_nbsReason ]]; then
			[[ -z $_nbsDumpVars ]] || dumpVars
			_nbsEvalLine=$((LINENO + 1))
			builtin eval "${!curPhase:-$curPhase}"
			if [[ $curPhase == unpackPhase ]]; then
				builtin cd -- "${sourceRoot:-.}"
			fi
		fi
		[[ -n $_nbsReason ]] || _nbsLog "passed=$curPhase"
	done
	{ builtin set +x; } 2>/dev/null
	[[ $_nbsCommand != retry || -z ${nbsFactFresh-} ]] || _nbsStandAtNext
}

# Of a build that had not begun, what comes next is the phase after that which passed.
_nbsStandAtNext() {
	builtin declare _nbsIndex
	_nbsIndex "$curPhase"
	[[ -n $_nbsIndex && -n ${_nbsPhases[_nbsIndex + 1]-} && ${_nbsPhases[_nbsIndex + 1]} != */* ]] || return 0
	curPhase=${_nbsPhases[_nbsIndex + 1]}
	_nbsSave "$_nbsShell/phase.$curPhase.bash" errexit
	_nbsLog "next=$curPhase" "directory=$PWD"
}

# Decides what to run: sets _nbsTodo to phases, or to nothing for the builder. Starts anew when the whole name of the phase
# means another state than the part of it that the caller gave.
_nbsDecide() {
	builtin declare _nbsIndex _nbsIt
	if [[ $_nbsCommand == phases ]]; then
		_nbsHasPhases || _nbsStop 'the build has no phases: its builder does all' 0
		_nbsList
		builtin exit 0
	fi
	_nbsTodo=()
	if [[ $_nbsCommand == until ]]; then
		_nbsHasPhases || _nbsStop 'the build has no phases: its builder does all'
	elif [[ -z $_nbsPhase ]]; then
		! _nbsHasPhases || _nbsStop "the phase that failed is not known; name one of ${_nbsPhases[*]}"
		return 0
	fi
	_nbsMatch "$_nbsPhase"
	if [[ $_nbsCommand != until && $_nbsPhase != "${_nbsWanted:-$_nbsFailed}" ]]; then
		_nbsChoose "$_nbsPhase"
		[[ ${_nbsFiles[*]} == "$_nbsChosen" ]] ||
			builtin exec "$nbsFactBash" -p "$_nbsShell/again.bash" "$_nbsCommand" ${_nbsTrace:+--trace} "$_nbsPhase"
	fi
	_nbsIndex "$_nbsPhase"
	if [[ $_nbsCommand == until ]]; then
		[[ -n $_nbsIndex ]] || _nbsStop "$_nbsPhase is none of the build's phases: ${_nbsPhases[*]}"
		_nbsTodo=("${_nbsPhases[@]:0:_nbsIndex}")
		return 0
	fi
	_nbsTodo=("$_nbsPhase")
	[[ -n $_nbsIndex ]] || return 0
	[[ -z $_nbsFirst ]] || _nbsTodo=("${_nbsPhases[@]:0:_nbsIndex}" "$_nbsPhase")
	[[ $_nbsCommand != resume ]] || _nbsTodo+=("${_nbsPhases[@]:_nbsIndex+1}")
}

_nbsArguments "$@"
set --
[[ $nbsFactState == none ]] || _nbsForgetEnvironment
_nbsPhase=${_nbsWanted:-$_nbsFailed}
_nbsFirst=
if [[ $_nbsCommand == until ]]; then
	[[ -n $_nbsWanted ]] || _nbsUsage
	_nbsFirst=1
	_nbsChoose ''
else
	[[ $_nbsPhase == "$_nbsFailed" ]] || _nbsToCome=
	_nbsChoose "$_nbsPhase"
	# What has not begun goes on from the tree as it is.
	[[ -n $_nbsToCome && -n $_nbsAtStart ]] || ! _nbsIsFirst "$_nbsPhase" || _nbsFirst=1
fi
_nbsChosen="${_nbsFiles[*]}"
# A saved state sets all variables, and this one would count the lines anew.
readonly LINENO
for _nbsIt in "${_nbsFiles[@]}"; do
	builtin source "$_nbsIt" || _nbsIt=
	# In posix mode `unset` is the builtin, whatever functions there are.
	if [[ $(<"$_nbsIt") == *$'\nbuiltin ()'* ]]; then
		POSIXLY_CORRECT=1
		unset -f builtin
		unset -v POSIXLY_CORRECT
		builtin shopt -s inherit_errexit
	fi
done >/dev/null 2>&1
{ builtin set +euxvn; } 2>/dev/null
_nbsExtglob=$(builtin shopt -p extglob)
_nbsExtglob=${_nixBuildShellExtglob-${_nbsExtglob:6:2}}
builtin shopt -s extglob
builtin trap - EXIT ERR DEBUG RETURN
_nixBuildShellUnwrap
if [[ -z $_nbsAtStart && ${_nbsFiles[0]-} != "$_nbsShell/environment.bash" ]]; then
	builtin set +fCP -hB -o pipefail
	builtin shopt -u failglob dotglob nocasematch nocaseglob
	builtin shopt -s inherit_errexit nullglob
fi
if [[ -r $_nbsShell/began && -r $_nbsShell/now ]]; then
	builtin mapfile -d '' -t _nbsOld <"$_nbsShell/began"
	builtin mapfile -d '' -t _nbsNew <"$_nbsShell/now"
	builtin declare -A _nbsSame _nbsNames
	for _nbsIt in "${_nbsOld[@]}"; do _nbsSame[$_nbsIt]=1; done
	for _nbsIt in "${_nbsNew[@]}"; do
		_nbsNames[${_nbsIt%%$'\n'*}]=1
		[[ -z ${_nbsSame[$_nbsIt]-} ]] || continue
		_nbsText=${_nbsIt%%$'\n'*}
		builtin unset "${_nbsText%% *}" "${_nbsText#* }"
		builtin eval "${_nbsIt#*$'\n'}"
	done
	for _nbsIt in "${_nbsOld[@]}"; do
		_nbsIt=${_nbsIt%%$'\n'*}
		[[ -n ${_nbsNames[$_nbsIt]-} ]] || builtin unset "${_nbsIt%% *}" "${_nbsIt#* }"
	done
	builtin unset -v _nbsOld _nbsNew _nbsSame _nbsNames
fi 2>/dev/null
builtin shopt "$_nbsExtglob" extglob
builtin export NIX_LOG_FD=

_nbsBuiltBy=$(builtin declare -f genericBuild runPhase)
_nbsPhases
_nbsFirstPhase
: "${_nbsFailed:=$nbsFactPhase}" "${_nbsPhase:=$_nbsFailed}"
_nbsDecide

[[ ${_nbsFiles[0]-} != "$_nbsKept/state.bash" ]] ||
	_nbsSay 'the state is that of the failure, not of the start of the phase: x+=more counts twice, and locals have become globals'
if [[ -z ${_nbsFiles[*]} && $nbsFactState != none ]]; then
	_nbsSay "the build's state cannot be read: going on without it"
fi
_nbsSettings=$(builtin shopt -p && builtin set +o)
_nbsPrepare
_nbsEnter
builtin eval "builtin ${_nbsSettings//$'\n'/$'\n'builtin }" 2>/dev/null
builtin unset -v _nbsSettings
_nbsKnown=$(builtin declare -F)$'\n'
_nbsRunPhase=$(builtin declare -F runPhase) _nbsDumpVars=$(builtin declare -F dumpVars)
_nbsIsSaved=
PS4='+ ${BASH_SOURCE[0]##*/}:$LINENO: '
builtin trap '{ _nbsNoteExit "$?" "$BASH_COMMAND" || builtin :; } 2>/dev/null' EXIT
builtin trap '{ case $BASHPID:$- in "$$:"*e*) _nbsNoteFailure "$?" "$LINENO" "$BASH_COMMAND" "${PIPESTATUS[@]}" || builtin : ;; esac; } 2>/dev/null' ERR
builtin set -eE +u
if ((${#_nbsTodo[@]} > 0)) || [[ $_nbsCommand == until ]]; then
	[[ -z $_nbsRunPhase ]] || _nbsEvalLine runPhase 'eval "${!curPhase'
	curPhase=$_nbsPhase
	_nbsRunAll
	if [[ $_nbsCommand == until ]]; then
		curPhase=$_nbsPhase
		_nbsLog phase= "begin=$curPhase" "directory=$PWD"
		[[ -z $_nbsDumpVars ]] || dumpVars
		_nbsSave "$_nbsKept/state.bash"
		_nbsSave "$_nbsKept/phase.bash" errexit
	fi
elif [[ -n ${buildCommand-} || -f ${buildCommandPath-} ]]; then
	_nbsEvalLine genericBuild 'eval "$buildCommand"'
	curPhase=
	_nbsBegin
	builtin unset -v curPhase
	genericBuild
else
	curPhase=
	_nbsBegin
	builtin unset -v curPhase
	builtin exec -a "${nbsFactBuilder[0]##*/}" "${nbsFactBuilder[@]}"
fi
