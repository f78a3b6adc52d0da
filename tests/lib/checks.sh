# shellcheck shell=bash
# The checks that do not run the tool: shell style, and Maven's build with its unit tests on both JDKs.

shell_files() {
	(cd "$TOP" && {
		shfmt -f nix-build-shell .ci hooks src tests
		echo share/bash-completion/completions/nix-build-shell
	} | sort)
}

check_shell() {
	local files
	mapfile -t files < <(shell_files)
	cd "$TOP"
	shellcheck -x "${files[@]}" && shfmt -d "${files[@]}"
}

# Surefire counts skipped tests as a success. Here they are not.
count_unit_tests() {
	cat "$TOP"/target/surefire-reports/*.txt | sed -n 's/^Tests run: \([0-9]*\),.* Skipped: \([0-9]*\),.*/\1 \2/p' |
		awk '{ run += $1; skipped += $2 }
			END { printf "%d unit tests run, %d skipped\n", run, skipped; exit skipped > 0 ? 77 : run == 0 }'
}

# unit_tests JDK: of the classes that are built.
unit_tests() {
	if [[ -z $FILTER && -n $1 ]]; then step "unit tests, $(java_of "$1")" run_unit_tests "$1"; fi
}

run_unit_tests() {
	rm -rf "$TOP/target/surefire-reports"
	maven surefire:test -Djvm="$1/bin/java" && count_unit_tests
}
