# shellcheck shell=bash
# Part of the setup hook. Makes manifest.json; manifest.schema.json describes its fields. All functions run in a
# subshell, in the C locale, under `set -f` and `nullglob`.

# _nixBuildShellQuote TEXT: sets _nixBuildShell_json to a JSON string with one code point (U+0000 to U+00FF) for
# each byte.
_nixBuildShellQuote() {
	declare _nixBuildShell_rest=$1 _nixBuildShell_clean _nixBuildShell_byte
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

# _nixBuildShellFields NAME VALUE...: adds strings to the manifest.
_nixBuildShellFields() {
	while (($# > 1)); do
		_nixBuildShellQuote "$2"
		_nixBuildShell_manifest+="\"$1\":$_nixBuildShell_json,"
		shift 2
	done
}

# _nixBuildShellCounts NAME VALUE...: adds natural numbers to the manifest, and leaves out other values.
_nixBuildShellCounts() {
	while (($# > 1)); do
		[[ -z $2 || $2 == *[!0-9]* ]] || _nixBuildShell_manifest+="\"$1\":$2,"
		shift 2
	done
}

_nixBuildShellCommandField() {
	declare _nixBuildShell_i _nixBuildShell_line=$_nixBuildShellLine
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
	declare _nixBuildShell_it
	_nixBuildShell_manifest+='"outputs":{'
	# shellcheck disable=SC2154
	if [[ ${outputs[*]@a} == *A* ]]; then
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

# _nixBuildShellOutput NAME PATH: adds an output to the manifest and to _nixBuildShell_outputs.
_nixBuildShellOutput() {
	[[ -n $2 ]] || return 0
	_nixBuildShellQuote "$1"
	_nixBuildShell_manifest+="$_nixBuildShell_json:"
	_nixBuildShellQuote "$2"
	_nixBuildShell_manifest+="$_nixBuildShell_json,"
	_nixBuildShell_outputs+=":$2:"
}

# _nixBuildShellUnmangle FIELD...: sets _nixBuildShell_fields to these fields of mountinfo, without its escapes.
_nixBuildShellUnmangle() {
	declare _nixBuildShell_it
	_nixBuildShell_fields=("$@")
	# shellcheck disable=SC1003
	for _nixBuildShell_it in '040 ' $'011\t' $'012\n' '134\'; do
		_nixBuildShell_fields=("${_nixBuildShell_fields[@]//"\\${_nixBuildShell_it%?}"/"${_nixBuildShell_it#???}"}")
	done
}

# Decides whether every sandbox has this mount point. What else is mounted comes from Nix's settings or its
# pre-build-hook, and can be a secret of the host.
_nixBuildShellIsOfEverySandbox() {
	case $1 in
	/ | /bin/sh | /dev | /dev/* | /proc | /proc/* | /tmp | "$NIX_BUILD_TOP") ;;
	"${NIX_STORE:-/nix/store}" | "${NIX_STORE:-/nix/store}"/*) ;;
	/etc/group | /etc/hosts | /etc/nsswitch.conf | /etc/passwd | /etc/resolv.conf | /etc/services) ;;
	/etc/ssl/certs/ca-certificates.crt) ;;
	*) return 1 ;;
	esac
}

# Adds the fields `mounts` and `sandboxed`. Sets _nixBuildShell_points to the mount points, and _nixBuildShell_root to
# the host's path of the build directory. Clears _nixBuildShell_share where the build had other mount points than every
# sandbox.
_nixBuildShellMountFields() {
	declare _nixBuildShell_it _nixBuildShell_i _nixBuildShell_text _nixBuildShell_fields _nixBuildShell_all=()
	declare _nixBuildShell_plain=
	_nixBuildShell_root='' _nixBuildShell_sandboxed=false
	mapfile -t _nixBuildShell_lines </proc/self/mountinfo
	[[ ${_nixBuildShell_lines[*]} == *[!\ \!#-\[\]-~]* ]] || _nixBuildShell_plain=1
	for _nixBuildShell_it in "${_nixBuildShell_lines[@]}"; do
		# shellcheck disable=SC2086
		set -- $_nixBuildShell_it
		_nixBuildShell_fields=("$3" "$4" "$5")
		shift 6
		while (($# > 2)) && [[ $1 != - ]]; do shift; done
		_nixBuildShell_fields[3]=$2
		[[ -n $_nixBuildShell_plain ]] || _nixBuildShellUnmangle "${_nixBuildShell_fields[@]}"
		# shellcheck disable=SC2004 # an associative array
		_nixBuildShell_points[${_nixBuildShell_fields[2]}]=1
		_nixBuildShellIsOfEverySandbox "${_nixBuildShell_fields[2]}" || _nixBuildShell_share=
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

# Adds the field `storePaths`: what the store contains in the sandbox, except for outputs, which the build made.
_nixBuildShellStorePathsField() {
	declare _nixBuildShell_it _nixBuildShell_i _nixBuildShell_text='' _nixBuildShell_all=()
	$_nixBuildShell_sandboxed || return 0
	printf -v _nixBuildShell_it '[0-9a-df-np-sv-z]%.0s' {1..32}
	set +f
	# shellcheck disable=SC2206
	_nixBuildShell_all=("${NIX_STORE:-/nix/store}"/$_nixBuildShell_it-*)
	set -f
	for _nixBuildShell_it in "${!_nixBuildShell_all[@]}"; do
		[[ -z ${_nixBuildShell_points[${_nixBuildShell_all[_nixBuildShell_it]}]-} ]] || continue
		_nixBuildShell_i=${_nixBuildShell_all[_nixBuildShell_it]}
		if [[ ${_nixBuildShell_i##*/} == *[!0-9A-Za-z+._?=-]* || $_nixBuildShell_outputs == *":$_nixBuildShell_i:"* ||
			(-d $_nixBuildShell_i && ! -L $_nixBuildShell_i && -O $_nixBuildShell_i) ]]; then
			unset "_nixBuildShell_all[_nixBuildShell_it]"
		fi
	done
	printf -v _nixBuildShell_text '"%s",' "${_nixBuildShell_all[@]}"
	((${#_nixBuildShell_all[@]} > 0)) || _nixBuildShell_text=
	_nixBuildShell_manifest+="\"storePaths\":[${_nixBuildShell_text%,}],"
}

# Sets _nixBuildShell_id: short enough to type, and different for each failure.
_nixBuildShellMakeId() {
	declare _nixBuildShell_number=$((RANDOM * 32768 + RANDOM)) _nixBuildShell_i _nixBuildShell_it
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

_nixBuildShellManifest() {
	# The state's second line enters it.
	declare _nixBuildShell_cwd=${_nixBuildShellState:0:20000}
	[[ -n $_nixBuildShell_cwd ]] || { mapfile -n 2 _nixBuildShell_lines <"$_nixBuildShellScratch-state" &&
		printf -v _nixBuildShell_cwd %s "${_nixBuildShell_lines[@]}"; }
	_nixBuildShell_cwd=${_nixBuildShell_cwd#*$'\nbuiltin cd -- '}
	eval "_nixBuildShell_cwd=${_nixBuildShell_cwd%%$'\n'*}"
	declare _nixBuildShell_time=${EPOCHSECONDS-} _nixBuildShell_structured=false _nixBuildShell_fixed=false _nixBuildShell_paused=false
	# Bash 4 has no EPOCHSECONDS, and the other way reads the time zone.
	[[ $_nixBuildShell_time == [1-9]* ]] || printf -v _nixBuildShell_time '%(%s)T' -1
	[[ -z ${__structuredAttrs-} && ! -e $NIX_BUILD_TOP/.attrs.sh ]] || _nixBuildShell_structured=true
	[[ -z ${outputHash-} && -z ${NIX_OUTPUT_CHECKED-} ]] || _nixBuildShell_fixed=true
	_nixBuildShell_manifest='{'
	_nixBuildShellFields schemaVersion 1.0 id "$_nixBuildShell_id" name "${name-}" ${pname:+pname "$pname"} \
		${version:+version "$version"} system "${system-}" phase "${curPhase-}" cwd "${_nixBuildShell_cwd:-$PWD}" \
		shell "${SHELL:-$BASH}" ${stdenv:+stdenv "$stdenv"} buildTop "$NIX_BUILD_TOP" hookVersion 0.1.0
	_nixBuildShellCounts exitCode "$_nixBuildShellStatus" uid "$UID" gid "${GROUPS[0]-}" time "$_nixBuildShell_time"
	[[ -z $_nixBuildShellCommand ]] || _nixBuildShellCommandField
	_nixBuildShellOutputsField
	_nixBuildShellMountFields
	_nixBuildShellStorePathsField
	! _nixBuildShellIsToPause || _nixBuildShell_paused=true
	if $_nixBuildShell_fixed || ! $_nixBuildShell_sandboxed || [[ -n ${__impure-} ]]; then _nixBuildShell_share=; fi
	_nixBuildShell_manifest+="\"structuredAttrs\":$_nixBuildShell_structured,\"fixedOutput\":$_nixBuildShell_fixed,\"paused\":$_nixBuildShell_paused}"
}
