# shellcheck shell=bash
# The flake, as a real Nix evaluates, builds and runs it, on a stand-in for nixpkgs: no network.

system=$(uname -m)-linux

setup() {
	[[ -n $NEW_JDK ]] || skip "the stand-in's jdk25_headless needs a JDK of version 22 or later"
	checkout=$(checkout)
	cd "$checkout"
}

# let_fail FLAKE#PACKAGE [ARGS...]: build it. Its log is $T/build, the directory that it left is `dir`.
let_fail() {
	if flakes build -L --no-link --keep-failed "$@" >"$T/build" 2>&1; then fail "$1 was to fail"; fi
	dir=$(kept_directory "$T/build")
	if [[ ! -d $dir ]]; then
		cat "$T/build"
		fail "$1 left no directory"
	fi
	printf '%s\n' "$dir" >>"$SCRATCH/kept-directories"
}

# of_consumer PACKAGE: the arguments that name a package of the project in tests/fixtures/consumer.
of_consumer() {
	arguments=("$SCRATCH/fixtures/consumer#$1" --no-write-lock-file --override-input nix-build-shell "path:$checkout")
}

let_consumer_fail() {
	of_consumer "$1"
	let_fail "${arguments[@]}"
}

# The package is made of this checkout, whoever runs it.
test_lock_is_the_published_one() {
	local value
	for value in '"rev": "1c3fe55ad329cbcb28471bb30f05c9827f724c76"' '"lastModified": 1777268161' \
		'"narHash": "sha256-bxrdOn8SCOv8tN4JbTF/TXq7kjo9ag4M+C8yzzIRYbE="' '"ref": "nixos-unstable"'; do
		grep -qF "$value" "$TOP/flake.lock" || fail "flake.lock lacks $value"
	done
}

test_jars_are_mavens() {
	setup
	local group artifact version hash count=0
	while read -r group artifact version hash; do
		grep -qF "<groupId>$group</groupId>" "$TOP/pom.xml" || fail "pom.xml has no $group"
		grep -qF "<$artifact.version>$version</$artifact.version>" "$TOP/pom.xml" || fail "pom.xml has not $artifact $version"
		# The installed copy: the user may not see the checkout.
		[[ $(flakes hash file --sri "${TOOL%/*}/target/lib/$artifact-$version.jar") == "$hash" ]] || fail "another hash of $artifact"
		((++count))
	done < <(flakes eval --impure --raw --expr "with builtins; concatStringsSep \"\\n\" (map
		(jar: \"\${jar.groupId} \${jar.artifactId} \${jar.version} \${jar.hash}\") (fromJSON (readFile $checkout/nix/jars.json)))" && echo)
	[[ $count -eq $(find "$TOP/target/lib" -name '*.jar' | wc -l) ]] || fail "$count jars, and Maven has another number"
}

test_no_registry_is_named() {
	run grep -rnE 'https?://' "$TOP/flake.nix" "$TOP/nix" --include='*.nix' --include='*.json'
	[[ $status -eq 1 ]] || fail "an address"
}

# As a checkout is: its lock names the real nixpkgs.
test_flake_check_evaluates() {
	setup
	copy_checkout "$T/fresh"
	cd "$T/fresh"
	run flakes flake check --no-build --no-write-lock-file --override-input nixpkgs "path:$(stand_in)"
	expect_status 0
	run flakes flake show --json --no-write-lock-file --override-input nixpkgs "path:$(stand_in)"
	expect_status 0
	local name
	for name in nix-build-shell default nixBuildShellHook hello-world wttr demo formatter aarch64-linux; do
		grep -qF "\"$name\"" "$T/out" || fail "no $name"
	done
}

# All but wttr: there is no Rust in the stand-in.
test_checks_build() {
	setup
	local check
	for check in package hook hello-world shellcheck; do
		run flakes build -L --no-link ".#checks.$system.$check"
		expect_status 0
	done
}

test_demonstration_program_runs() {
	setup
	run flakes run .#hello-world -- Nix
	expect_status 0
	expect_out "hello, Nix"
}

test_what_is_installed() {
	setup
	run flakes build -o "$USER_HOME/result" .#nix-build-shell
	expect_status 0
	run as_user "$USER_HOME/result/bin/nix-build-shell" --version
	expect_status 0
	grep -qE '^nix-build-shell 0\.1\.0 \(Java [0-9]+, FFM\)$' "$T/out" || fail "another version"
	run as_user _JAVA_OPTIONS="-Xlog:class+load:file=$USER_HOME/classes" "$USER_HOME/result/bin/nix-build-shell" --version
	grep -q 'nixbuildshell.cli.Main source: shared' "$USER_HOME/classes" || fail "no class cache"
	diff -r "$TOP/share" "$USER_HOME/result/share" | grep -v '^Only in .*/result/share: nix-build-shell$' >"$T/differences" || true
	[[ ! -s $T/differences ]] || fail "other completions or another man page: $(<"$T/differences")"
}

test_run_a_command() {
	setup
	let_consumer_fail hooked
	run flakes run .#nix-build-shell -- "$dir" sh -c 'id -u; pwd; ls; exit 42'
	expect_status 42
	[[ $(head -n 1 "$T/out") == 1000 ]] || fail "another user"
	grep -q '^/build' "$T/out" || fail "not in /build"
}

test_run_a_shell_on_a_terminal() {
	setup
	let_consumer_fail hooked
	start_terminal "${flakes_env[@]}"
	types "nix run .#nix-build-shell -- $dir bash"
	types 'PS1="in: "; echo entered-$((40 + 2))'
	shows '^entered-42'
	# The package brings a bash with line editing.
	types 'ls -l /proc/$$/exe; echo "shell=$BASH"'
	shows '-bash-interactive/bin/bash$'
	shows '^shell=/nix/store/[a-z0-9]*-bash/bin/bash$'
	types 'tty; cd /build/source && make program; echo status=$?; echo id-$(id -u)'
	shows '^/dev/pts/'
	shows 'not-there.h'
	shows '^status=2$'
	shows '^id-1000$'
	types 'exit 3'
	shows '^(exit|out:)'
	types 'echo status=$?'
	shows '^status=3$'
}

# The last lines of the log say how to enter the sandbox, and that works.
test_hint_can_be_pasted() {
	setup
	copy_checkout "$T/broken"
	cd "$T/broken"
	cp "$checkout/flake.lock" .
	echo '#error broken' >>nix/hello-world/source/hello-world.c
	let_fail .#hello-world
	local hint
	hint=$(sed -n 's/^hello-world> *\(nix run .* bash\)$/\1/p' "$T/build")
	[[ $hint == "nix run .#nix-build-shell -- "*" bash" ]] || fail "another hint: $(<"$T/build")"
	run as_user "${flakes_env[@]}" sh -c "echo 'echo entered; exit 5' | $hint"
	expect_status 5
	expect_out entered
}

# make_nix_that_prints: Nix 2.8, in $T/bin, with the option --print-out-paths of 2.9.
make_nix_that_prints() {
	mkdir "$T/bin"
	cat >"$T/bin/nix" <<-END
		#!/bin/sh -e
		[ "\$1 \$2 \$3" = 'build --no-link --print-out-paths' ] && shift 3
		$(type -P nix) build --no-link "\$@"
		$(type -P nix) path-info "\$@"
	END
	chmod 755 "$T/bin/nix"
}

# enter_while_it_waits: the two lines that the build prints can be pasted by an ordinary user who has sudo.
enter_while_it_waits() {
	local lines config=$'flake-registry = '"$T/registry.json"$'\n'"${flakes_env[1]#*=}"
	(let_consumer_fail pausing && echo "$dir" >"$T/dir") &
	eventually grep -qs 'print-out-paths.* attach ' "$T/build" || fail "it does not wait: $(<"$T/build")"
	mapfile -t lines < <(sed -n 's/^program> *\(sudo .*\)$/\1/p' "$T/build")
	[[ ${lines[0]} == 'sudo $(command -v nix-build-shell) attach program-1.0-'* ]] || fail "another line: ${lines[0]}"
	[[ $EUID -eq 0 ]] || skip "only root can give the test user sudo"
	trap 'rm -f /etc/sudoers.d/nix-build-shell-tests' EXIT
	install -m 440 /dev/stdin /etc/sudoers.d/nix-build-shell-tests <<<"$TEST_USER ALL=(root) NOPASSWD: ALL"
	cat >"$T/registry.json" <<-END
		{"version": 2, "flakes": [{"from": {"type": "indirect", "id": "nix-build-shell"}, "to": {"type": "path", "path": "$checkout"}}]}
	END
	run as_user PATH="${TOOL%/*}:$USER_PATH" bash -c "${lines[0]} <<<'echo first; exit 3'"
	expect_status 3
	expect_out first
	make_nix_that_prints
	run as_user PATH="$T/bin:$USER_PATH" NIX_REMOTE=daemon NIX_CONFIG="$config" bash -c "${lines[1]} <<<'echo second; release'"
	expect_status 0
	expect_out second
	rm /etc/sudoers.d/nix-build-shell-tests
	eventually test -s "$T/dir" || fail "it goes on: $(<"$T/build")"
	dir=$(<"$T/dir")
	grep -q 'failed due to signal 9' "$T/build" || fail "it has ended otherwise: $(<"$T/build")"
}

# says_how PACKAGE: its log has the hint, and its directory the manifest.
says_how() {
	grep -q 'nix run nix-build-shell#nix-build-shell -- ' "$T/build" || fail "$1: no hint: $(<"$T/build")"
	grep -q 'failed with exit code 2;' "$T/build" || fail "$1: another exit code: $(<"$T/build")"
	[[ $(flakes eval --impure --raw --expr "(builtins.fromJSON (builtins.readFile $dir/.nix-build-shell/manifest.json)).name") == program-1.0 ]] ||
		fail "$1: another manifest"
}

test_hook_by_overlay_and_by_function() {
	setup
	local package
	for package in hooked debuggable; do
		let_consumer_fail "$package"
		says_how "$package"
	done
	let_consumer_fail renamed
	grep -q 'my-shell --verbose .* bash' "$T/build" || fail "no other command: $(<"$T/build")"
	grep -q 'nix run github:somebody/something#nix-build-shell -- ' "$T/build" || fail "no other flake: $(<"$T/build")"
	let_consumer_fail plain
	if grep -q 'enter its sandbox' "$T/build"; then fail "a hint without the hook"; fi
	enter_while_it_waits
}

test_overlay_on_older_package_sets() {
	setup
	local set expected
	while read -r set expected; do
		run flakes eval --impure --raw --expr "with builtins;
			(import $checkout/nix/overlay.nix (listToAttrs (map (n: { name = n; value = n; }) [ $set ])
				// { callPackage = _: arguments: arguments.jre or null; }) { }).nix-build-shell"
		expect_status 0
		[[ $(<"$T/out") == "$expected" ]] || fail "with $set: not $expected"
	done <<-END
		"jdk17_headless" jdk17_headless
		"jdk17_headless""jdk21_headless" jdk21_headless
		"jdk17_headless""jdk21_headless""jdk25_headless" jdk25_headless
	END
	of_consumer toolOfOldSet
	run flakes build -o "$USER_HOME/old" "${arguments[@]}"
	expect_status 0
	run as_user "$USER_HOME/old/bin/nix-build-shell" --version
	expect_status 0
	grep -q ', JNA)$' "$T/out" || fail "not through JNA"
	let_consumer_fail plain
	run as_user NIX_REMOTE=daemon "$USER_HOME/old/bin/nix-build-shell" "$dir" sh -c 'exit 7'
	expect_status 7
}

# The store paths that a build can see, but for the derivation's own sources.
seen_by() {
	local input
	for input in $(as_user nix-store -q --references "$1"); do
		case $input in
		*.drv) as_user nix-store -q --outputs "$input" ;;
		*) echo "$input" ;;
		esac
	done | xargs nix-store -qR | sort
}

drv_of_consumer() {
	of_consumer "$1"
	flakes path-info --derivation "${arguments[@]}" 2>/dev/null
}

test_hook_adds_only_itself() {
	setup
	let_consumer_fail plain
	let_consumer_fail hooked
	seen_by "$(drv_of_consumer plain)" >"$T/plain"
	seen_by "$(drv_of_consumer hooked)" >"$T/hooked"
	comm -13 "$T/plain" "$T/hooked" >"$T/more"
	comm -23 "$T/plain" "$T/hooked" >"$T/less"
	[[ ! -s $T/less && $(wc -l <"$T/more") -eq 1 ]] || fail "these differ: $(cat "$T/more" "$T/less")"
	grep -q -- '-nix-build-shell-hook$' "$T/more" || fail "not the hook: $(<"$T/more")"
}

drv() { flakes path-info --derivation ".#$1" 2>/dev/null; }

test_consumers_build_again_for_another_hook_alone() {
	setup
	local hook tool hello
	hook=$(drv nixBuildShellHook) tool=$(drv nix-build-shell) hello=$(drv hello-world)
	copy_checkout "$T/changed"
	cd "$T/changed"
	cp "$checkout/flake.lock" .
	echo more >>README.md
	echo '# more' >>nix/package.nix
	echo '// more' >>src/main/java/nixbuildshell/Failure.java
	[[ $(drv nix-build-shell) != "$tool" ]] || fail "the tool is not made of its sources"
	[[ $(drv nixBuildShellHook) == "$hook" ]] || fail "another hook"
	[[ $(drv hello-world) == "$hello" ]] || fail "a consumer builds again"
	echo '# more' >>hooks/nix-build-shell-hook.sh
	[[ $(drv nixBuildShellHook) != "$hook" ]] || fail "the hook is not made of its script"
}

# The demonstration's own package needs a Rust.
test_demo() {
	setup
	of_consumer demo
	run flakes build -o "$USER_HOME/demo" "${arguments[@]}"
	expect_status 0
	run as_user NIX_REMOTE=daemon "$USER_HOME/demo/bin/nix-build-shell-demo" sh -c 'echo entered; exit 6'
	kept_directory "$T/err" >>"$SCRATCH/kept-directories"
	expect_status 6
	expect_out entered
	expect_err not-there.h
}
