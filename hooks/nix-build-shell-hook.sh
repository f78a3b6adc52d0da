# shellcheck shell=bash
# A setup hook for nixpkgs' stdenv: when the build fails, it writes what nix-build-shell wants to know to
# $NIX_BUILD_TOP/.nix-build-shell (manifest.json: see manifest.schema.json; state.bash), and says on stderr
# how to enter the build's sandbox.
#
# A derivation can say `nixBuildShellShareState = true` (everybody may read state.bash, which has the values of
# all variables) and `nixBuildShellTrap = false` (no ERR trap; the failing command stays unknown).
#
# By the time stdenv runs failureHooks, the failing command and its locals are gone, so an ERR trap notes
# them. It acts only where errexit is about to end the build's own shell. It can be seen in `trap -p`, as E in
# $-, and by a build that fails under `set -v`, which shows a trap's text.
# Bash 4.4 and later; of other programs mkdir, and mv and rm if there are any.

# _nixBuildShellNote STATUS LINE COMMAND PIPESTATUS...: called by the ERR trap in the failing function.
_nixBuildShellNote() {
	_nixBuildShellStatus=$1 _nixBuildShellLine=$2 _nixBuildShellCommand=$3 _nixBuildShellPipe=("${@:4}")
	_nixBuildShellFunctions=("${FUNCNAME[@]:1}")
	_nixBuildShellFiles=("${BASH_SOURCE[@]:1}")
	_nixBuildShellLines=("${BASH_LINENO[@]:1}")
	_nixBuildShellCwd=$(builtin pwd && builtin printf .)
	_nixBuildShellState=$(_nixBuildShellDump errexit)
}

# What the EXIT trap still sees when no ERR trap has run: `exit`, an unset variable, a signal.
_nixBuildShellNoteAtExit() {
	local _nixBuildShell_i=1
	while [[ ${FUNCNAME[_nixBuildShell_i]-exitHandler} != exitHandler ]]; do ((++_nixBuildShell_i)); done
	_nixBuildShellStatus=$1 _nixBuildShellLine='' _nixBuildShellCommand=$BASH_COMMAND _nixBuildShellPipe=()
	_nixBuildShellFunctions=("${FUNCNAME[@]:_nixBuildShell_i+1}")
	_nixBuildShellFiles=("${BASH_SOURCE[@]:_nixBuildShell_i+1}")
	_nixBuildShellLines=("${BASH_LINENO[@]:_nixBuildShell_i+1}")
	# Always the eval of stdenv's runPhase, whatever the phase did in it.
	[[ $_nixBuildShellCommand != 'eval '* ]] || _nixBuildShellCommand=
	_nixBuildShellCwd=$(builtin pwd && builtin printf .)
	_nixBuildShellState=$(_nixBuildShellDump "${_nixBuildShellErrexit-}")
}

# _nixBuildShellSplit LINES: into _nixBuildShell_lines, without the empty ones. Under `set -f`. (Reading a pipe
# would take bash a system call a byte, and a here-string may need the disk.)
_nixBuildShellSplit() {
	builtin local IFS=$'\n'
	# shellcheck disable=SC2206
	_nixBuildShell_lines=($1)
}

# _nixBuildShellDump [errexit]: the state of the calling shell, to be sourced. In a subshell only.
_nixBuildShellDump() {
	local _nixBuildShell_options _nixBuildShell_shopts _nixBuildShell_functions _nixBuildShell_lines _nixBuildShell_it
	local -A _nixBuildShell_seen=()
	_nixBuildShell_options=$(builtin set +o)
	_nixBuildShell_shopts=$(builtin shopt -p)
	builtin set +euxvC +o posix
	builtin set -f
	_nixBuildShell_functions=$(_nixBuildShellDumpFunctions)
	builtin unset -f builtin declare local printf set umask
	printf '# The shell of a failed build, written by the hook of nix-build-shell: to be sourced at the top level.\n'
	printf 'builtin cd -- %q\numask %s\n' "${_nixBuildShellCwd%??}" "$(umask)"
	# A line of a value may look like a declaration: its name is no variable's, or one that is here anyway.
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
		*) declare -p "$_nixBuildShell_it" ;;
		esac
	done
	printf 'shopt -s extglob\n%s\n' "$_nixBuildShell_functions"
	_nixBuildShellSplit "$_nixBuildShell_shopts"$'\n'"$_nixBuildShell_options"
	for _nixBuildShell_it in "${_nixBuildShell_lines[@]}"; do
		case $_nixBuildShell_it in
		*' login_shell' | *' restricted_shell' | 'shopt -u compat'*) ;;
		# An interactive shell has these for itself.
		'set +o emacs' | 'set +o hist'* | 'set +o monitor' | 'set +o vi') ;;
		# The hook's own; and stdenv's exit handler has changed it.
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

# _nixBuildShellQuote TEXT: as a JSON string, a byte a code point (U+0000 to U+00FF), in _nixBuildShell_json. In
# the C locale.
_nixBuildShellQuote() {
	local _nixBuildShell_rest=$1 _nixBuildShell_clean _nixBuildShell_byte
	_nixBuildShell_json='"'
	while :; do
		_nixBuildShell_clean=${_nixBuildShell_rest%%[!\ \!#-\[\]-~]*}
		_nixBuildShell_json+=$_nixBuildShell_clean
		_nixBuildShell_rest=${_nixBuildShell_rest:${#_nixBuildShell_clean}}
		[[ -n $_nixBuildShell_rest ]] || break
		printf -v _nixBuildShell_byte '%d' "'${_nixBuildShell_rest:0:1}"
		printf -v _nixBuildShell_byte '\\u%04x' $((_nixBuildShell_byte & 255))
		_nixBuildShell_json+=$_nixBuildShell_byte
		_nixBuildShell_rest=${_nixBuildShell_rest:1}
	done
	_nixBuildShell_json+='"'
}

# _nixBuildShellFields NAME VALUE...: strings, into the manifest.
_nixBuildShellFields() {
	while (($# > 1)); do
		_nixBuildShellQuote "$2"
		_nixBuildShell_manifest+="\"$1\":$_nixBuildShell_json,"
		shift 2
	done
}

# _nixBuildShellCount NAME VALUE...: natural numbers, into the manifest; what is none is left out.
_nixBuildShellCounts() {
	while (($# > 1)); do
		[[ -z $2 || $2 == *[!0-9]* ]] || _nixBuildShell_manifest+="\"$1\":$2,"
		shift 2
	done
}

_nixBuildShellCommandField() {
	local _nixBuildShell_i _nixBuildShell_line=$_nixBuildShellLine
	_nixBuildShell_manifest+='"command":{'
	_nixBuildShellFields text "${_nixBuildShellCommand:0:4096}" file "${_nixBuildShellFiles[0]-}"
	_nixBuildShellCounts line "$_nixBuildShell_line"
	_nixBuildShell_manifest+='"stack":['
	for _nixBuildShell_i in "${!_nixBuildShellFunctions[@]}"; do
		((_nixBuildShell_i < 100)) || break
		_nixBuildShell_manifest+='{'
		_nixBuildShellCounts line "$_nixBuildShell_line"
		_nixBuildShellFields function "${_nixBuildShellFunctions[_nixBuildShell_i]}" \
			file "${_nixBuildShellFiles[_nixBuildShell_i]-}"
		_nixBuildShell_manifest="${_nixBuildShell_manifest%,}},"
		_nixBuildShell_line=${_nixBuildShellLines[_nixBuildShell_i]-}
	done
	_nixBuildShell_manifest="${_nixBuildShell_manifest%,}]},"
}

_nixBuildShellOutputsField() {
	local _nixBuildShell_it
	_nixBuildShell_manifest+='"outputs":{'
	# shellcheck disable=SC2154
	if [[ $(declare -p outputs) == 'declare -A'* ]]; then
		for _nixBuildShell_it in "${!outputs[@]}"; do
			_nixBuildShellOutput "$_nixBuildShell_it" "${outputs[$_nixBuildShell_it]}"
		done
	else
		for _nixBuildShell_it in ${outputs:-out}; do
			[[ $_nixBuildShell_it == *[!A-Za-z0-9_]* ]] || _nixBuildShellOutput "$_nixBuildShell_it" "${!_nixBuildShell_it-}"
		done
	fi
	_nixBuildShell_manifest="${_nixBuildShell_manifest%,}},"
}

# _nixBuildShellOutput NAME PATH
_nixBuildShellOutput() {
	[[ -n $2 ]] || return
	_nixBuildShellQuote "$1"
	_nixBuildShell_manifest+="$_nixBuildShell_json:"
	_nixBuildShellQuote "$2"
	_nixBuildShell_manifest+="$_nixBuildShell_json,"
	_nixBuildShell_outputs+=":$2:"
}

# _nixBuildShellUnmangle FIELD...: of mountinfo, into _nixBuildShell_fields.
_nixBuildShellUnmangle() {
	local _nixBuildShell_it
	_nixBuildShell_fields=("$@")
	# shellcheck disable=SC1003
	for _nixBuildShell_it in '040 ' $'011\t' $'012\n' '134\'; do
		_nixBuildShell_fields=("${_nixBuildShell_fields[@]//"\\${_nixBuildShell_it%?}"/"${_nixBuildShell_it#???}"}")
	done
}

# mounts and sandboxed; the mount points in _nixBuildShell_points, the host's directory in _nixBuildShell_root.
_nixBuildShellMountFields() {
	local _nixBuildShell_it _nixBuildShell_i _nixBuildShell_text _nixBuildShell_fields _nixBuildShell_all=()
	local _nixBuildShell_plain=
	_nixBuildShell_root='' _nixBuildShell_sandboxed=false
	_nixBuildShell_text=$(</proc/self/mountinfo)
	[[ $_nixBuildShell_text == *[!$'\n'\ \!#-\[\]-~]* ]] || _nixBuildShell_plain=1
	_nixBuildShellSplit "$_nixBuildShell_text"
	for _nixBuildShell_it in "${_nixBuildShell_lines[@]}"; do
		# shellcheck disable=SC2206
		_nixBuildShell_fields=($_nixBuildShell_it)
		_nixBuildShell_it=${_nixBuildShell_it#* - }
		_nixBuildShell_fields=("${_nixBuildShell_fields[@]:2:3}" "${_nixBuildShell_it%% *}")
		[[ -n $_nixBuildShell_plain ]] || _nixBuildShellUnmangle "${_nixBuildShell_fields[@]}"
		_nixBuildShell_points[${_nixBuildShell_fields[2]}]=1
		if [[ ${_nixBuildShell_fields[2]} == "$NIX_BUILD_TOP" ]]; then
			_nixBuildShell_root=${_nixBuildShell_fields[1]} _nixBuildShell_sandboxed=true
		fi
		if [[ -z $_nixBuildShell_plain ]]; then
			for _nixBuildShell_i in 0 1 2 3; do
				_nixBuildShellQuote "${_nixBuildShell_fields[_nixBuildShell_i]}"
				_nixBuildShell_json=${_nixBuildShell_json#?}
				_nixBuildShell_fields[_nixBuildShell_i]=${_nixBuildShell_json%?}
			done
		fi
		_nixBuildShell_all+=("${_nixBuildShell_fields[@]}")
	done
	printf -v _nixBuildShell_text '{"device":"%s","root":"%s","mountPoint":"%s","type":"%s"},' "${_nixBuildShell_all[@]}"
	_nixBuildShell_manifest+="\"mounts\":[${_nixBuildShell_text%,}],\"sandboxed\":$_nixBuildShell_sandboxed,"
}

# What the sandbox's store lists, but for outputs, which the build itself has made.
_nixBuildShellStorePathsField() {
	local _nixBuildShell_it _nixBuildShell_text='' _nixBuildShell_all=()
	$_nixBuildShell_sandboxed || return
	printf -v _nixBuildShell_it '[0-9a-df-np-sv-z]%.0s' {1..32}
	set +f
	# shellcheck disable=SC2206
	_nixBuildShell_all=("${NIX_STORE:-/nix/store}"/$_nixBuildShell_it-*)
	set -f
	for _nixBuildShell_i in "${!_nixBuildShell_all[@]}"; do
		_nixBuildShell_it=${_nixBuildShell_all[_nixBuildShell_i]}
		if [[ $_nixBuildShell_outputs == *":$_nixBuildShell_it:"* || ${_nixBuildShell_it##*/} == *[!0-9A-Za-z+._?=-]* ||
			(-d $_nixBuildShell_it && ! -L $_nixBuildShell_it && -O $_nixBuildShell_it &&
			-z ${_nixBuildShell_points[$_nixBuildShell_it]-}) ]]; then
			unset "_nixBuildShell_all[_nixBuildShell_i]"
		fi
	done
	printf -v _nixBuildShell_text '"%s",' "${_nixBuildShell_all[@]}"
	((${#_nixBuildShell_all[@]} > 0)) || _nixBuildShell_text=
	_nixBuildShell_manifest+="\"storePaths\":[${_nixBuildShell_text%,}],"
}

# Short enough to be typed, and another one for each failure.
_nixBuildShellMakeId() {
	local _nixBuildShell_number=$((RANDOM * 32768 + RANDOM)) _nixBuildShell_i
	read -r _nixBuildShell_i </proc/sys/kernel/random/uuid && _nixBuildShell_number=$((16#${_nixBuildShell_i%%-*}))
	_nixBuildShell_id=${name-build}
	_nixBuildShell_id=${_nixBuildShell_id//[!A-Za-z0-9+._-]/-}
	[[ $_nixBuildShell_id == [A-Za-z0-9]* ]] || _nixBuildShell_id=build$_nixBuildShell_id
	_nixBuildShell_id=${_nixBuildShell_id:0:73}-
	for _nixBuildShell_i in 1 2 3 4 5 6; do
		_nixBuildShell_it=0123456789abcdefghijklmnopqrstuvwxyz
		_nixBuildShell_id+=${_nixBuildShell_it:_nixBuildShell_number%36:1}
		((_nixBuildShell_number /= 36))
	done
}

# _nixBuildShellTool NAME: the program's path, in _nixBuildShell_tool. The build may have spoilt its PATH.
_nixBuildShellTool() {
	local IFS=:
	# shellcheck disable=SC2086
	set -- "$1" $PATH $_nixBuildShellPath
	IFS=' '
	while (($# > 1)); do
		_nixBuildShell_tool=$2/$1
		[[ ! -x $_nixBuildShell_tool || -d $_nixBuildShell_tool ]] || return 0
		set -- "$1" "${@:3}"
	done
	set +f
	for _nixBuildShell_tool in "${NIX_STORE:-/nix/store}"/*/bin/"$1"; do
		[[ ! -x $_nixBuildShell_tool || -d $_nixBuildShell_tool ]] || break
		_nixBuildShell_tool=
	done
	set -f
	[[ -n $_nixBuildShell_tool ]]
}

# _nixBuildShellWrite FILE TEXT: whole or not at all, where there is a mv.
_nixBuildShellWrite() {
	local _nixBuildShell_new=$1.new
	_nixBuildShellTool mv || _nixBuildShell_new=$1 _nixBuildShell_tool=:
	printf '%s\n' "$2" >|"$_nixBuildShell_new" && "$_nixBuildShell_tool" -f -- "$_nixBuildShell_new" "$1" && return
	_nixBuildShellTool rm && "$_nixBuildShell_tool" -f -- "$_nixBuildShell_new"
	return 1
}

_nixBuildShellManifest() {
	local _nixBuildShell_time _nixBuildShell_structured=false _nixBuildShell_fixed=false
	printf -v _nixBuildShell_time '%(%s)T' -1
	[[ -z ${__structuredAttrs-} && ! -e $NIX_BUILD_TOP/.attrs.sh ]] || _nixBuildShell_structured=true
	[[ -z ${outputHash-} && -z ${NIX_OUTPUT_CHECKED-} ]] || _nixBuildShell_fixed=true
	_nixBuildShell_manifest='{'
	_nixBuildShellFields schemaVersion 1.0 id "$_nixBuildShell_id" name "${name-}" ${pname:+pname "$pname"} \
		${version:+version "$version"} system "${system-}" phase "${curPhase-}" cwd "${_nixBuildShellCwd%??}" \
		shell "${SHELL:-$BASH}" ${stdenv:+stdenv "$stdenv"} buildTop "$NIX_BUILD_TOP" hookVersion 0.1.0
	_nixBuildShellCounts exitCode "$_nixBuildShellStatus" uid "$UID" gid "${GROUPS[0]-}" time "$_nixBuildShell_time"
	[[ -z $_nixBuildShellCommand ]] || _nixBuildShellCommandField
	_nixBuildShellOutputsField
	_nixBuildShellMountFields
	_nixBuildShellStorePathsField
	_nixBuildShell_manifest+="\"structuredAttrs\":$_nixBuildShell_structured,\"fixedOutput\":$_nixBuildShell_fixed}"
}

# Writes the files, prints the hint.
_nixBuildShellReport() {
	_nixBuildShellPlain
	local LC_ALL=C IFS=$' \t\n' _nixBuildShell_directory=$NIX_BUILD_TOP/.nix-build-shell
	local _nixBuildShell_id _nixBuildShell_manifest _nixBuildShell_json _nixBuildShell_root _nixBuildShell_sandboxed
	local _nixBuildShell_lines _nixBuildShell_outputs='' _nixBuildShell_tool _nixBuildShell_mode=077
	local -A _nixBuildShell_points=()
	set -f
	_nixBuildShellMakeId
	_nixBuildShellManifest
	[[ ${nixBuildShellShareState-} != @(1|true) ]] || _nixBuildShell_mode=022
	umask 022
	if [[ -d $_nixBuildShell_directory ]] || { _nixBuildShellTool mkdir && "$_nixBuildShell_tool" "$_nixBuildShell_directory"; }; then
		(umask "$_nixBuildShell_mode" && _nixBuildShellWrite "$_nixBuildShell_directory/state.bash" "$_nixBuildShellState")
		_nixBuildShellWrite "$_nixBuildShell_directory/manifest.json" "$_nixBuildShell_manifest" || _nixBuildShell_id=
	else
		_nixBuildShell_id=
	fi
	_nixBuildShellHint
}

_nixBuildShellHint() {
	local _nixBuildShell_it _nixBuildShell_what='' _nixBuildShell_program='@command@' _nixBuildShell_flake='@flake@'
	# The host's path for sure, where it looks like one that Nix makes: /tmp may be a file system of its own.
	$_nixBuildShell_sandboxed || _nixBuildShell_root=$NIX_BUILD_TOP
	_nixBuildShell_it='^(/tmp/nix-build-[A-Za-z0-9+._=-]+\.drv-[0-9]+(/build)?|/nix/var/nix/builds/nix-[0-9]+-[0-9]+/build)$'
	[[ $_nixBuildShell_root =~ $_nixBuildShell_it ]] || _nixBuildShell_root=$_nixBuildShell_id
	[[ -n $_nixBuildShell_root ]] || return
	# Where nothing has been put in their places.
	[[ $_nixBuildShell_program != '@'*'@' ]] || _nixBuildShell_program=nix-build-shell
	[[ $_nixBuildShell_flake != '@'*'@' ]] || _nixBuildShell_flake=
	if [[ -n $_nixBuildShellCommand ]]; then
		_nixBuildShell_it=${_nixBuildShellCommand%%$'\n'*}
		_nixBuildShell_it=${_nixBuildShell_it:0:300}
		_nixBuildShell_what=" in${_nixBuildShellPipe[1]+ a pipeline with}: ${_nixBuildShell_it//[[:cntrl:]]/ }"
		[[ $_nixBuildShell_it == "$_nixBuildShellCommand" ]] || _nixBuildShell_what+=' ...'
	fi
	printf 'nix-build-shell: %s%s failed with exit code %s%s\n' "${curPhase:+$curPhase of }" "${name:-the build}" \
		"$_nixBuildShellStatus" "$_nixBuildShell_what"
	printf 'nix-build-shell: enter its sandbox with\n    %s %s bash\n' "$_nixBuildShell_program" "$_nixBuildShell_root"
	[[ -z $_nixBuildShell_flake ]] ||
		printf '    nix run %q#nix-build-shell -- %s bash\n' "$_nixBuildShell_flake" "$_nixBuildShell_root"
	printf '(kept only with --keep-failed)\n'
}

# In failureHooks. Whatever goes wrong in here, the build ends as it would without it.
_nixBuildShellFailureHook() {
	local _nixBuildShell_status=${exitCode-1} _nixBuildShell_hint=
	# A build whose sandbox somebody may enter never becomes a valid store path.
	builtin unset -v succeedOnFailure 2>/dev/null || :
	[[ -n ${NIX_BUILD_TOP-} ]] || return 0
	[[ ${_nixBuildShellStatus-} == "$_nixBuildShell_status" ]] ||
		_nixBuildShellNoteAtExit "$_nixBuildShell_status" 2>/dev/null || :
	_nixBuildShell_hint=$(_nixBuildShellReport 2>/dev/null </dev/null) || :
	[[ -z $_nixBuildShell_hint ]] || (builtin printf '%s\n' "$_nixBuildShell_hint" >&2) || :
	return 0
}

# Whether the build has an ERR trap of its own, or is going to: errtrace would have it run more often.
_nixBuildShellHasTrap() {
	local _nixBuildShell_text
	_nixBuildShell_text=$(
		set -f
		trap -p ERR
		declare -p
		_nixBuildShellDumpFunctions
		[[ ! -f ${buildCommandPath-} ]] || printf '%s\n' "$(<"$buildCommandPath")"
	)
	[[ $_nixBuildShell_text$'\n' == *[!A-Za-z0-9_]trap[[:space:]]*[[:space:]]ERR[!A-Za-z0-9_]* ]]
}

if [[ -z ${IN_NIX_SHELL-} && -z ${_nixBuildShellPath-} ]]; then
	failureHooks+=(_nixBuildShellFailureHook)
	_nixBuildShellPath=:$PATH
	_nixBuildShellErrexit=${-//[!e]/}
	if [[ ${nixBuildShellTrap-1} == @(1|true) ]] && ! _nixBuildShellHasTrap 2>/dev/null; then
		[[ $- == *E* ]] || _nixBuildShellErrtrace=hook
		set -o errtrace
		# A compound command and a redirection leave $?, $_ and the output of `set -x` as they are.
		trap '{ case $BASHPID:$- in "$$:"*e*)
			_nixBuildShellNote "$?" "$LINENO" "$BASH_COMMAND" "${PIPESTATUS[@]}" || : ;; esac; } 2>/dev/null' ERR
	fi
fi
