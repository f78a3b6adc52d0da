# shellcheck shell=bash disable=SC1091,SC2154
# Ends a rebuilt env-vars: stdenv makes the rest of the builder's environment.
#
# A setup that fails ends the shell that sources it (exit, set -e, set -u), so a subshell tries it first.
# When it fails, the shell gets the variables that it exported and the functions that it defined by then.
if [ ! -r "$stdenv/setup" ]; then
	echo "nix-build-shell: $stdenv/setup is missing: going on without stdenv's phases and PATH" >&2
else
	# Otherwise setup's dumpVars would replace this env-vars with its own.
	__nixBuildShellDump=${noDumpEnvVars-}
	noDumpEnvVars=1
	__nixBuildShellState=$(
		exec {__nixBuildShellOut}>&1 >&2 </dev/null
		__nixBuildShellDone=
		builtin trap '
			set +eux
			unset -f trap
			[ -n "$__nixBuildShellDone" ] && builtin exit 0
			{ declare -f; export -p; } >&"$__nixBuildShellOut"
			builtin exit 1
		' EXIT
		# The EXIT trap of setup would run the failure hooks of the build; breakpointHook waits there.
		# shellcheck disable=SC2317
		trap() { :; }
		# shellcheck source=/dev/null
		source "$stdenv/setup"
		__nixBuildShellDone=1
	)
	# shellcheck disable=SC2181
	if [ $? -eq 0 ]; then
		# shellcheck source=/dev/null
		source "$stdenv/setup" </dev/null >/dev/null 2>&1
		trap - EXIT ERR
		set +eEu +o pipefail
		shopt -u nullglob
		shopt -u inherit_errexit 2>/dev/null
	else
		eval "$__nixBuildShellState"
		echo "nix-build-shell: $stdenv/setup failed: going on with what it had set up by then" >&2
	fi
	if [ -n "$__nixBuildShellDump" ]; then
		noDumpEnvVars=$__nixBuildShellDump
	else
		unset noDumpEnvVars
	fi
	unset __nixBuildShellDump __nixBuildShellState
fi
