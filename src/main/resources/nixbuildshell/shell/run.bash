# shellcheck shell=bash disable=SC1090,SC1091,SC2034,SC2154
# Runs phases of the build again: retry [--trace] [PHASE], resume [--trace], until PHASE (all phases before it), phases.
# To be run by the build's own bash, in the sandbox.
#
# This process has no state of the build. It starts a second, again.bash, for the phases, and reports how that ended,
# whatever a phase does to its shell. Files in its directory:
#   progress  what again.bash did: records KEY=VALUE that end with NUL
#   failure   the same of the command that failed, by the traps of again.bash
#   result    what the caller outside gets: lines KEY=VALUE, VALUE quoted for bash
#   failed, phase.NAME.bash   the phase where resume failed, and the state at the start of each phase that it began
#   next      of a build that had not begun: the phase after that which retry ran
#   passed    names of the phases that have passed since, one a line
#   begun     records PHASE/PATH: what each phase began of the outputs
#   ../intervals   lines START END, in seconds: when phases ran
#   began, now   the session's state at its beginning and when the phase was asked for (phases.bash writes them)

unset -f builtin
builtin unset -f declare exit mapfile printf source trap
_nbsShell=${BASH_SOURCE[0]%/*}
source "$_nbsShell/facts.bash"
_nbsShell=$nbsFactTop/.nix-build-shell/shell
source "$_nbsShell/say.bash"
PS4='+ '
set +euxv

# _nbsRead FILE: sets _nbsRecords.
_nbsRead() {
	_nbsRecords=()
	[[ ! -r $1 ]] || mapfile -d '' -t _nbsRecords <"$1"
}

_nbsCurrentOutputs() {
	declare it
	_nbsExisting=()
	for it in "${nbsFactOutputs[@]}"; do
		[[ ! -e $it && ! -L $it ]] || _nbsExisting[$it]=1
	done
}

# Ends the account of the phase: what it began of the outputs.
_nbsAccount() {
	declare it
	[[ -n $_nbsPhase ]] || return 0
	for it in "${!_nbsExisting[@]}"; do
		[[ -n ${_nbsBefore[$it]-} ]] || printf '%s/%s\0' "$_nbsPhase" "$it" >>"$_nbsShell/begun"
	done
}

# Reads what again.bash did. Sets _nbsPhase to the last phase, _nbsDirectory, _nbsSkipped and _nbsMoved.
_nbsFollow() {
	declare it output
	declare -A _nbsBefore=() _nbsExisting=()
	_nbsPhase='' _nbsDirectory='' _nbsSkipped='' _nbsNext='' _nbsMoved=()
	_nbsRead "$_nbsShell/progress"
	for it in "${_nbsRecords[@]}" end=; do
		case $it in
		phase=*) _nbsExisting=() ;;
		before=*) _nbsExisting[${it#*=}]=1 ;;
		begin=*)
			_nbsAccount
			_nbsPhase=${it#*=} _nbsBefore=() _nbsSkipped=
			for output in "${!_nbsExisting[@]}"; do _nbsBefore[$output]=1; done
			;;
		directory=*) _nbsDirectory=${it#*=} ;;
		skipped=*) _nbsSkipped=${it#*=} ;;
		output=*) _nbsMoved+=("${it#*=}") ;;
		next=*) _nbsNext=${it#*=} ;;
		passed=*) printf '%s\n' "${it#*=}" >>"$_nbsShell/passed" ;;
		end=)
			_nbsCurrentOutputs
			_nbsAccount
			;;
		esac
	done
}

# Takes a phase that has failed now from those that have passed.
_nbsForgetPassed() {
	declare it
	declare -a passed=()
	[[ ! -r $_nbsShell/passed ]] || mapfile -t passed <"$_nbsShell/passed"
	for it in "${passed[@]}"; do
		[[ $it == "$_nbsPhase" ]] || printf '%s\n' "$it"
	done >|"$_nbsShell/passed"
}

_nbsReadFailure() {
	declare it
	_nbsCommand='' _nbsFile='' _nbsLine='' _nbsPipeline=''
	_nbsRead "$_nbsShell/failure"
	[[ ${_nbsRecords[0]-} == "status=$_nbsStatus" ]] || return 0
	for it in "${_nbsRecords[@]}"; do
		case $it in
		command=*) _nbsCommand=${it#*=} ;;
		file=*) _nbsFile=${it#*=} ;;
		line=*) _nbsLine=${it#*=} ;;
		pipeline=) _nbsPipeline='in a pipeline with ' ;;
		esac
	done
}

_nbsResult() {
	declare it
	for it in phase="$_nbsPhase" status="$_nbsStatus" command="$_nbsCommand" file="$_nbsFile" line="$_nbsLine" \
		directory="$_nbsDirectory" skipped="$_nbsSkipped" "${_nbsMoved[@]/#/output=}"; do
		printf '%s=%q\n' "${it%%=*}" "${it#*=}"
	done >|"$_nbsShell/result"
}

_nbsReport() {
	declare text=${_nbsPhase:-the builder} first=${_nbsCommand%%$'\n'*}
	if ((_nbsStatus == 0)); then
		case $1 in
		retry)
			[[ -n $_nbsSkipped ]] || _nbsSay "$text succeeded"
			[[ -z $_nbsNext ]] || _nbsSay "$_nbsNext is next, in $_nbsDirectory"
			;;
		resume) _nbsSay 'all phases succeeded' ;;
		until) _nbsSay "$text has not begun: all phases before it succeeded" ;;
		esac
		return 0
	fi
	text+=" failed with exit code $_nbsStatus"
	[[ -z $_nbsLine ]] || text+=" at $_nbsFile:$_nbsLine"
	[[ -z $first ]] || text+=": $_nbsPipeline${first:0:300}"
	_nbsSay "$text"
}

_nbsReportOutputs() {
	declare it
	for it in "${!nbsFactOutputs[@]}"; do
		if [[ -e ${nbsFactOutputs[$it]} || -L ${nbsFactOutputs[$it]} ]]; then
			_nbsSay "output $it is there: ${nbsFactOutputs[$it]}"
		else
			_nbsSay "output $it is missing: ${nbsFactOutputs[$it]}"
		fi
	done
	for it in "${nbsFactChecks[@]}"; do _nbsSay "Nix would now check $it"; done
}

# Sets _nbsTime to the seconds since the epoch.
_nbsTime() {
	_nbsTime=${EPOCHREALTIME-}
	[[ -n $_nbsTime ]] || printf -v _nbsTime '%(%s)T' -1
	_nbsTime=${_nbsTime/,/.}
}

_nbsSupervise() {
	declare it start
	_nbsTime
	start=$_nbsTime
	trap : INT QUIT
	: >|"$_nbsShell/progress"
	: >|"$_nbsShell/failure"
	if [[ ! -e $_nbsShell/begun ]]; then
		for it in "${nbsFactBegan[@]}"; do printf '%s/%s\0' "$nbsFactPhase" "$it"; done >|"$_nbsShell/begun"
	fi
	# Of a process that a signal ended, bash itself would print the line of this script.
	exec 3>&2 2>/dev/null
	"$nbsFactBash" -p "$_nbsShell/again.bash" "$@" </dev/null 2>&3 3>&-
	_nbsStatus=$?
	exec 2>&3 3>&-
	[[ $1 != phases && -s $_nbsShell/progress ]] || return 0
	_nbsFollow
	((_nbsStatus == 0)) || _nbsForgetPassed
	_nbsReadFailure
	_nbsResult
	_nbsReport "$1"
	_nbsTime
	printf '%s %s\n' "$start" "$_nbsTime" >>"$nbsFactTop/.nix-build-shell/intervals"
	[[ $1 == resume || $1 == retry && -n ${nbsFactFresh-} ]] || return 0
	((_nbsStatus != 0)) || _nbsPhase=
	printf '%s' "$_nbsPhase" >|"$_nbsShell/failed"
	printf '%s' "$_nbsNext" >|"$_nbsShell/next"
	[[ $1$_nbsStatus != resume0 ]] || _nbsReportOutputs
}

_nbsSupervise "$@"
exit "$_nbsStatus"
