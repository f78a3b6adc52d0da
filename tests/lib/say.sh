# shellcheck shell=bash
# Messages of the test scripts, all on stderr.

say() { printf '== %s\n' "$*" >&2; }

die() {
	printf '!! %s\n' "$*" >&2
	exit 1
}

# Something that some tests need is not here. CI is there to test everything, so there it is the end.
missing() {
	if [[ -n ${CI:-} ]]; then
		die "$* (nothing may be missing in CI)"
	fi
	printf '!! MISSING: %s\n' "$*" >&2
}
