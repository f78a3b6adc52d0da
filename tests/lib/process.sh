# shellcheck shell=bash
# Real builds that write down how the kernel treats them.

# build_process SYSTEM: let one fail; $dir is what it left, $derivation its own, $calls and $state are the
# programs that it ran, and `abis` those whose calls it made.
build_process() {
	local name
	[[ $(uname -m) == x86_64 ]] || skip "the system calls are made in machine code for x86_64"
	read -ra abis < <(tried_abis)
	for name in calls state; do
		compile "$T/$name" -no-pie -DABIS="${#abis[@]}" "$SCRATCH/fixtures/process/$name.c"
	done
	calls=$(as_user NIX_REMOTE=daemon nix-store --add "$T/calls")
	state=$(as_user NIX_REMOTE=daemon nix-store --add "$T/state")
	if as_user nix-build --keep-failed --no-out-link "$SCRATCH/fixtures/process" --argstr bash "$BASH_PATH" \
		--argstr calls "$calls" --argstr state "$state" --argstr system "$1" --argstr salt "$T" >"$T/log-build" 2>&1; then
		fail "the build was to fail"
	fi
	dir=$(kept_directory "$T/log-build")
	[[ -s $dir/state ]] || fail "the build wrote nothing: $(cat "$T/log-build")"
	derivation=$(grep -o '/nix/store/[^ ]*-process-1.0.drv' "$T/log-build" | head -n 1)
	printf '%s\n' "$dir" >>"$SCRATCH/kept-directories"
}
