# shellcheck shell=bash
# What run.bash and again.bash say.
_nbsSay() { builtin printf 'nix-build-shell: %s\n' "${1//[!' '-'~']/?}" >&2; }
