# shellcheck shell=bash
# The tool under test: built in the checkout, run from a copy that the ordinary user can read (the
# checkout may belong to any user, and be closed to others).

some_jdk() { printf '%s\n' "${OLD_JDK:-$NEW_JDK}"; }

# maven_in DIRECTORY JDK ARGUMENT... (At its end Maven resets a terminal's colours, in a log as well, unless jansi is told
# not to.)
maven_in() {
	(cd "$1" && JAVA_HOME=$2 MAVEN_OPTS="${MAVEN_OPTS:-} -Djansi.noreset=true" \
		"${with_default_signals[@]}" mvn -B -ntp -Dstyle.color=never "${@:3}")
}

maven() { maven_in "$TOP" "$(some_jdk)" "$@"; }

build_tool() {
	local jar=$TOP/target/nix-build-shell.jar
	if [[ ! -e $jar || -n $(find "$TOP/src/main" "$TOP/hooks" "$TOP/pom.xml" -newer "$jar" -print -quit) ]]; then
		say "building the tool"
		quietly maven package -DskipTests
	fi
}

# install_tool SCRATCH
install_tool() {
	TOOL=$1/tool/nix-build-shell
	mkdir -p "$1/tool/target" "$1/tool/src/build" "$1/tool/src/main/launcher"
	cp "$TOP/nix-build-shell" "$1/tool/"
	cp "$TOP/src/build/find-jdk" "$TOP/src/build/make-caches" "$1/tool/src/build/"
	cp "$TOP"/src/main/launcher/* "$1/tool/src/main/launcher/"
	cp -pR "$TOP/target/nix-build-shell.jar" "$TOP/target/lib" "$TOP/target/cache" "$1/tool/target/"
	# Java 17 takes a cache at the path for which it was made.
	rm -f "$1"/tool/target/cache/*.jsa
	"$1/tool/src/build/make-caches" "$1/tool/target"
	chmod -R u=rwX,go=rX "$1/tool"
	export TOOL
}

# The tool as $WHO (user or root) on $JDK; more of its environment in the array `tool_env`. For a
# background job, whose process id is then the tool's own.
tool_env=()
nbs_exec() { "${WHO}_exec" NIX_BUILD_SHELL_JAVA_HOME="$JDK" "${tool_env[@]}" "$TOOL" "$@"; }

nbs() (nbs_exec "$@")

# nbs_on_terminal ARGS...: the same on a terminal of its own, where what stdin has is typed. What a line editor says to the
# terminal alone is left out.
nbs_on_terminal() {
	local command
	printf -v command '%q ' "$TOOL" "$@"
	(TOOL=script nbs_exec -qec "$command" /dev/null) | sed -u 's/\x1b\[?2004[hl]\r*//g'
}
