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

# unit_tests JDK [ARGUMENT...]: of the classes that are built; more arguments for Maven.
unit_tests() { step "unit tests, $(java_of "$1")" run_unit_tests "$@"; }

run_unit_tests() {
	rm -rf "$TOP/target/surefire-reports"
	maven -q surefire:test -Djvm="$1/bin/java" "${@:2}" && count_unit_tests
}

# What a complete run tests beside the lanes: the unit tests on both JDKs, the demonstration, and that the newer JDK
# compiles what the older one does.
beside_the_lanes() {
	if [[ -n $NEW_JDK ]]; then unit_tests "$NEW_JDK"; fi
	if [[ -n $OLD_JDK ]]; then unit_tests "$OLD_JDK"; fi
	step "tests/demo" "$TOP/tests/demo"
	if [[ -n $OLD_JDK && -n $NEW_JDK ]]; then step "compiled with $(java_of "$NEW_JDK")" compiles_with "$NEW_JDK"; fi
}

# compiles_with JDK: main and test sources, elsewhere than in target.
compiles_with() {
	mkdir "$SCRATCH/compiled"
	cp -R "$TOP/pom.xml" "$TOP/src" "$SCRATCH/compiled/"
	maven_in "$SCRATCH/compiled" "$1" -q test-compile
}
