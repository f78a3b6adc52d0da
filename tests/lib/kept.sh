# shellcheck shell=bash
# Kept build directories, left by real builds.

# Where Nix says that it kept a directory: up to 2.33 in single quotes, then in double quotes.
kept_directory() { kept_directories "$1" | tail -n 1; }

# All of them: kept_directories LOG...
kept_directories() { sed -n "s/^note: keeping build directory ['\"]\(.*\)['\"]\$/\1/p" "$@"; }

# How each build is to fail, so that no mistake in a fixture passes for the failure it stands for.
failure_of() {
	case $1 in
	replaced) echo 'exit code 1' ;;
	*) echo 'exit code 3' ;;
	esac
}

# The arguments that select the build NAME of failures.nix. The salt makes it a derivation of this run, or
# of this test: a derivation's log is that of its last build, and the tool compares the log's time with the
# directory's.
selected() {
	printf '%s\0' "$SCRATCH/fixtures/failures.nix" -A "$1" --argstr bash "$BASH_PATH" --argstr tools "$TOOLS_PATH" \
		--argstr salt "$2"
}

# asking_for NAME COMMAND...: of Nix, for a build of this kind. The daemon does not allot ranges of users: root's own
# Nix does. And it takes settings that open the host from root alone.
asking_for() {
	case $1 in
	uidRange)
		(root_exec NIX_REMOTE=local NIX_CONFIG="$(
			printf '%s\n' 'extra-experimental-features = auto-allocate-uids cgroups' 'auto-allocate-uids = true' \
				'system-features = kvm uid-range'
		)" "${@:2}")
		;;
	sandboxPaths) (root_exec NIX_REMOTE=daemon NIX_CONFIG="$(config_of_sandbox_paths)" "${@:2}") ;;
	*) as_user NIX_REMOTE=daemon "${@:2}" ;;
	esac
}

config_of_sandbox_paths() {
	local shown=$SCRATCH/shown
	printf '%s' "extra-sandbox-paths = /file=$shown/directory/file /deep/directory=$shown/directory /deep/link=$shown/link" \
		' /none=/none?'
}

# build_and_keep NAME [SALT]: let it fail, and print the directory that it left.
build_and_keep() {
	local name=$1 log kept arguments
	mapfile -d '' arguments < <(selected "$name" "$SCRATCH ${2:-}")
	log=$(mktemp "$SCRATCH/log-$name.XXXXXX")
	if USER_HOME='' asking_for "$name" nix-build --keep-failed --no-out-link "${arguments[@]}" >"$log" 2>&1 </dev/null; then
		die "the build '$name' was to fail, and did not"
	fi
	kept=$(kept_directory "$log")
	if ! "${world[@]}" test -d "$kept" || ! grep -q "failed .*$(failure_of "$name")" "$log"; then
		cat "$log" >&2
		die "the build '$name' did not fail as it should, or left no directory"
	fi
	[[ -n $world_name ]] || printf '%s\n' "$kept" >>"$SCRATCH/kept-directories"
	printf '%s\n' "$kept"
}

# kept NAME: the directory of one failed build that all tests share; it is evidence, they only look at it.
kept() {
	local memo=$SCRATCH/kept-${LANE:-}$world_name$1
	if [[ ! -e $memo ]]; then
		build_and_keep "$1" "${LANE:-}" >"$memo.new"
		mv "$memo.new" "$memo"
	fi
	cat "$memo"
}

# Only root may delete what build users own.
remove_kept() {
	local directory
	[[ $EUID -eq 0 && -e $SCRATCH/kept-directories ]] || return 0
	while read -r directory; do
		rm -rf -- "$directory"
	done <"$SCRATCH/kept-directories"
}
