# shellcheck shell=bash disable=SC1090,SC1091,SC2034,SC2154,SC2317
# The start-up file of the shell at the failure, for an interactive bash: gives it the state of the failed build, its
# directory and a prompt. Nothing in that state may end the shell. Directory of this file: see run.bash.
_nbsShell=${BASH_SOURCE[0]%/*}
builtin source "$_nbsShell/facts.bash"
builtin source "$_nbsShell/load.bash"
builtin source "$_nbsShell/dump.bash"
_nbsBash=$nbsFactBash
_nbsOptions=$(builtin shopt -p)
_nbsChooseFailure
for _nbsIt in "${_nbsFiles[@]}"; do
	_nbsText "$_nbsIt"
	builtin eval "$_nbsText" || _nbsText=
	# In posix mode `unset` is the builtin, whatever functions there are.
	if [[ $_nbsText == *$'\nbuiltin ()'* ]]; then
		POSIXLY_CORRECT=1
		unset -f builtin
		unset -v POSIXLY_CORRECT
	fi
done >/dev/null 2>&1
_nbsDefaults "$_nbsOptions" 2>/dev/null
builtin unset -f command_not_found_handle
builtin unset -v HISTCONTROL HISTIGNORE HISTTIMEFORMAT PROMPT_COMMAND PS0 TMOUT IGNOREEOF MAIL MAILPATH BASH_XTRACEFD POSIXLY_CORRECT FUNCNEST 2>/dev/null

# Where the shell begins: where the command failed, else where its phase began.
_nbsPhases
_nbsFirstPhase
if [[ $nbsFactState == envvars && -n ${PWD-} ]]; then
	_nbsDirectory=$PWD
else
	_nbsRule "$nbsFactPhase"
fi
for _nbsIt in "$_nbsTop" "$_nbsDirectory" "$nbsFactDirectory"; do
	[[ -z $_nbsIt ]] || builtin cd -- "$_nbsIt" || :
done 2>/dev/null
builtin unset -v OLDPWD

# What the caller brings is behind the build's own programs.
if [[ ${PATH@a} != *r* ]]; then
	for _nbsIt in "${nbsFactWith[@]}"; do PATH=${PATH:+$PATH:}$_nbsIt; done
fi

# This bash is on no PATH, so it does not know its own path; scripts mean the build's.
BASH=$_nbsBash
HISTFILE=$_nbsShell/history HISTSIZE=5000 HISTFILESIZE=5000
PROMPT_DIRTRIM=2
PS1="$nbsFactName $nbsFactPhase"
PS1=${PS1//[!A-Za-z0-9+._?= -]/?}
((${#PS1} <= 48)) || PS1=${PS1:0:20}..${PS1: -26}
PS1="${PS1% }:\\w\\\$ " PS2='> ' PS4='+ '
builtin unset -v "${!nbsFact@}" _nbsFiles _nbsIt _nbsText _nbsOptions _nbsPhases _nbsIndex _nbsDirectory _nbsTop _nbsKept _nbsTool
builtin unset -f _nbsTool _nbsMakeEnvironment _nbsChooseFailure _nbsText _nbsPhases _nbsHasPhases _nbsFirstPhase _nbsIndex _nbsIsAfterConfigure _nbsRule _nbsSource _nbsDefaults
builtin source "$_nbsShell/phases.bash"
(_nbsRecords) >|"$_nbsShell/began" 2>/dev/null
