# shellcheck shell=bash
# The launcher of a checkout: which Java, which jar, and what it says when there is none.

# A copy of the checkout's launcher beside a false jar, and a false Java that shows its arguments.
false_checkout() {
	checkout="$T/check out"
	mkdir -p "$checkout/target" "$checkout/src/build"
	cp "$TOP/nix-build-shell" "$checkout/"
	cp "$TOP/src/build/find-jdk" "$checkout/src/build/"
	touch "$checkout/target/nix-build-shell.jar"
	false_java "$T/java" 25
}

# false_java HOME VERSION
false_java() {
	mkdir -p "$1/bin"
	printf '#!/bin/sh\nprintf "%%s|" "%s" "$@"\n' "$2" >"$1/bin/java"
	chmod +x "$1/bin/java"
	printf 'IMPLEMENTOR="x"\nJAVA_VERSION="%s.0.1"\n' "$2" >"$1/release"
}

launch() { env -i PATH="$USER_PATH" "$@"; }

test_arguments_pass_byte_for_byte() {
	false_checkout
	run launch NIX_BUILD_SHELL_JAVA_HOME="$T/java" "$checkout/nix-build-shell" d -v '' $'a\nb' $'\xff' @file '*' "it's"
	expect_status 0
	printf 'd|-v||a\nb|\xff|@file|*|it'"'"'s|' >"$T/expected"
	sed -z 's/.*nix-build-shell\.jar|nixbuildshell\.cli\.Main|//' "$T/out" | cmp - "$T/expected" || fail "other arguments"
}

test_works_through_a_link_from_anywhere() {
	false_checkout
	ln -s "$checkout/nix-build-shell" "$T/link"
	ln -s link "$T/link-to-link"
	for command in "$T/link" "$T/link-to-link" ./link ./check\ out/nix-build-shell; do
		cd "$T"
		run launch NIX_BUILD_SHELL_JAVA_HOME="$T/java" "$command" x
		expect_status 0
		expect_empty_err
	done
	cd "$checkout"
	run launch NIX_BUILD_SHELL_JAVA_HOME="$T/java" sh nix-build-shell x
	expect_status 0
}

test_java_home_chooses() {
	false_checkout
	false_java "$T/old" 17
	false_java "$T/too-old" 11
	run launch JAVA_HOME="$T/old" "$checkout/nix-build-shell"
	grep -q '^17|' "$T/out" || fail "JAVA_HOME was not taken"
	run launch JAVA_HOME="$T/old" NIX_BUILD_SHELL_JAVA_HOME="$T/java" "$checkout/nix-build-shell"
	grep -q '^25|' "$T/out" || fail "NIX_BUILD_SHELL_JAVA_HOME does not win"
	run launch JAVA_HOME="$T/too-old" PATH="$T/old/bin:$USER_PATH" "$checkout/nix-build-shell"
	grep -q '^17|' "$T/out" || fail "a JAVA_HOME that is too old was taken"
}

test_no_jar_says_how_to_build() {
	false_checkout
	rm "$checkout/target/nix-build-shell.jar"
	run launch NIX_BUILD_SHELL_JAVA_HOME="$T/java" "$checkout/nix-build-shell"
	expect_status 125
	expect_err "$checkout/target/nix-build-shell.jar" "mvn -q package -DskipTests"
	[[ $(wc -l <"$T/err") -eq 1 ]] || fail "more than a line"
}

test_no_java_is_said_in_a_line() {
	false_checkout
	run launch NIX_BUILD_SHELL_JAVA_HOME="$T/nowhere" "$checkout/nix-build-shell"
	expect_status 125
	expect_err "$T/nowhere"
	printf '#!/bin/sh\nexit 1\n' >"$checkout/src/build/find-jdk"
	run launch "$checkout/nix-build-shell"
	expect_status 125
	expect_err "no Java of version 17 or later"
	[[ $(wc -l <"$T/err") -eq 1 ]] || fail "more than a line"
}

test_find_jdk_knows_ranges() {
	false_java "$T/java-17" 17
	false_java "$T/java-25" 25
	[[ $(JAVA_HOME=$T/java-17 "$TOP/src/build/find-jdk" 17) == "$T/java-17" ]] || fail "17 for 17"
	[[ $(JAVA_HOME=$T/java-17 "$TOP/src/build/find-jdk" 17-21) == "$T/java-17" ]] || fail "17 for 17-21"
	[[ $(JAVA_HOME=$T/java-25 "$TOP/src/build/find-jdk" 17-21) != "$T/java-25" ]] || fail "25 for 17-21"
	[[ $(JAVA_HOME=$T/java-17 "$TOP/src/build/find-jdk" 22) != "$T/java-17" ]] || fail "17 for 22"
}

# In the second run not one process can be made (root could).
test_the_found_java_is_remembered_while_it_is_the_same() {
	false_checkout
	chmod 755 "$T/java/bin/java"
	user_dir "$checkout/target"
	local found=(as_user PATH="$T/java/bin:$USER_PATH" bash -c 'ulimit -u 0 && exec "$0" "$@"' "$checkout/nix-build-shell" x)
	touch -d '1 hour ago' "$checkout/target/nix-build-shell.jar"
	run as_user PATH="$T/java/bin:$USER_PATH" "$checkout/nix-build-shell" x
	expect_status 0
	printf '#!/bin/sh\nexit 1\n' >"$checkout/src/build/find-jdk"
	run "${found[@]}"
	expect_status 0
	grep -q '^25|.*|x|' "$T/out" || fail "$(<"$T/out")"
	local answer=$checkout/target/java-home
	cp -p "$answer" "$T/answer"
	# Another question, another JDK in its place, no JDK, a damaged answer, a newer jar.
	run as_user PATH="$T/java/bin:$USER_PATH" JAVA_HOME="$T/other" "$checkout/nix-build-shell" x
	expect_status 125
	printf 'JAVA_RUNTIME_VERSION="26+1"\n' >>"$T/java/release"
	expect_forgotten
	false_java "$T/java" 25
	mv "$T/java" "$T/gone"
	expect_forgotten
	mv "$T/gone" "$T/java"
	head -n 1 "$T/answer" >"$answer"
	expect_forgotten
	cp -p "$T/answer" "$answer"
	touch "$checkout/target/nix-build-shell.jar"
	expect_forgotten
}

expect_forgotten() {
	run as_user PATH="$T/java/bin:$USER_PATH" "$checkout/nix-build-shell" x
	expect_status 125
}

# The JVM does not say how old a cache is, and complains about one that is missing.
test_a_class_cache_is_taken_when_it_is_newer_than_the_jar() {
	false_checkout
	local cache=$checkout/target/cache/25.0.1+8
	printf 'JAVA_VERSION="25.0.1"\nJAVA_RUNTIME_VERSION="25.0.1+8"\n' >"$T/java/release"
	mkdir "${cache%/*}"
	touch -d '1 hour ago' "$checkout/target/nix-build-shell.jar"
	run launch NIX_BUILD_SHELL_JAVA_HOME="$T/java" "$checkout/nix-build-shell" x
	if grep -q cache "$T/out"; then fail "a cache that is not there: $(<"$T/out")"; fi
	touch "$cache.jsa"
	run launch NIX_BUILD_SHELL_JAVA_HOME="$T/java" "$checkout/nix-build-shell" x
	grep -qF -- "|-XX:SharedArchiveFile=$cache.jsa|-cp|$checkout/target/nix-build-shell.jar|nixbuildshell.cli.Main|x|" "$T/out" || fail "$(<"$T/out")"
	touch "$cache.aot"
	run launch NIX_BUILD_SHELL_JAVA_HOME="$T/java" "$checkout/nix-build-shell" x
	local dumps
	read -r dumps </proc/self/coredump_filter
	grep -qF -- "|-XX:AOTCache=$cache.aot|-XX:+UseTransparentHugePages|-Dnix-build-shell.coredump_filter=$dumps|-cp|" "$T/out" ||
		fail "$(<"$T/out")"
	touch -d '2 hours ago' "$cache.aot" "$cache.jsa"
	run launch NIX_BUILD_SHELL_JAVA_HOME="$T/java" "$checkout/nix-build-shell" x
	if grep -q cache "$T/out"; then fail "an old cache: $(<"$T/out")"; fi
}

# Without the cache it is 2,000 and more. Some of what Java 22 and later link for the kernel is made anew in each run; it would be
# ten classes more if the cache did not have the forms of method handles.
test_nearly_all_classes_come_from_the_cache() {
	dir=$(kept readable)
	tool_env=(_JAVA_OPTIONS="-Xlog:class+load:file=$USER_HOME/classes")
	run nbs "$dir" true
	run nbs "$dir" true
	expect_status 0
	local others most=15
	[[ $JDK != "$OLD_JDK" ]] || most=60
	others=$(grep -vc 'source: shared objects file' "$USER_HOME/classes") || true
	grep -q 'nixbuildshell.enter.Enter source: shared' "$USER_HOME/classes" || fail "not from the cache"
	[[ $others -lt $most ]] || fail "$others classes are not from the cache: $(grep -v 'source: shared' "$USER_HOME/classes" | head -n 300)"
}

# The launcher becomes Java, and Java makes one process, the sandbox, which becomes the build's shell and then the command. Before
# that, only the first entry starts Nix's programs. The store has thousands of entries, and is not listed.
test_a_command_takes_one_new_process_and_no_listing_of_the_store() {
	local kind dir command
	for kind in readable bare; do
		dir=$(kept "$kind")
		command=true
		[[ $kind != bare ]] || command=$TOOLS_PATH/bin/true
		run traced "$dir" "$command"
		expect_status 0
		grep -q 'execve("[^"]*/nix-store"' "$USER_HOME/trace" || fail "nothing was asked at first"
		expect_no_listing
		run traced "$dir" "$command"
		expect_status 0
		executed "$USER_HOME/trace" >"$T/programs"
		printf '%s\n' "$TOOL" "$JDK/bin/java" "$BASH_PATH/bin/bash" "$TOOLS_PATH/bin/true" >"$T/expected"
		diff "$T/expected" "$T/programs" || fail "other programs"
		[[ $(grep -cE '(vfork|fork|clone3?)\(' "$USER_HOME/trace") -eq 1 ]] || fail "$(grep -E 'fork|clone' "$USER_HOME/trace")"
		expect_no_listing
	done
}

# executed TRACE: the programs that were executed. strace cuts a line in two when another process comes between.
executed() {
	awk -F '"' '/ execve\(/ { split($1, words, " "); name[words[1]] = $2; if (/\) += 0$/) print $2 }
		/ execve resumed>/ && /\) += 0$/ { split($0, words, " "); print name[words[1]] }' "$1"
}

# Threads are no processes.
traced() {
	# shellcheck disable=SC2097,SC2098
	(TOOL=strace nbs_exec -f -y -qq -o "$USER_HOME/trace" -e trace=execve,fork,vfork,clone,clone3,getdents64 "$TOOL" "$@") || return
	sed -i '/CLONE_THREAD/d' "$USER_HOME/trace"
}

expect_no_listing() {
	if grep 'getdents64([0-9]*</nix/store>' "$USER_HOME/trace"; then fail "the store is listed"; fi
}
