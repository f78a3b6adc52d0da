# shellcheck shell=bash
# The setup hook where something is odd: names, mounts, disks, programs; and how long it takes.
# shellcheck source=tests/lib/hook.sh
source "$TOP/tests/lib/hook.sh"

manifest=${T:-}/top/.nix-build-shell/manifest.json
this_bash=$(type -P bash)

# mounted BASH SETUP PHASE-TEXT: a build in mount and user namespaces of its own, in which SETUP has been run.
mounted() {
	make_hook
	rm -rf "$T/top"
	mkdir "$T/top"
	export -f in_build become_build
	export SETUP HOOK
	run unshare --mount --map-root-user "$this_bash" -c \
		'build_env=(); set -e; eval "$2"; in_build "$1" "$3" "${HOOK%/nix-support/*}"' - "$@"
}

each_byte() {
	local code
	for ((code = 1; code < 256; code++)); do printf '%b' "\\x$(printf %02x "$code")"; done
}

test_manifest_of_any_bytes() {
	local bash bytes
	bytes=$(each_byte && echo .)
	bytes=${bytes%.}
	while read -r bash; do
		for locale in C C.UTF-8; do
			build_env=(LC_ALL="$locale" version="$bytes" pname=$'\xc3\xa9"\\\n/' name=$'wttr\xff 0.1')
			build "$bash" $'mkdir "d\xff\ne"; cd "d\xff\ne"; declare -g curPhase=$\'p\\n"\'; ls "/none\xff\xc3\xa9\xe2\x80\xae\xc2\x9b" \'a\nb\''
			valid "$manifest"
			expect_field 'm["version"]' "$bytes"
			expect_field 'm["pname"]' $'\xc3\xa9"\\\n/'
			expect_field 'm["cwd"]' "$T/top/"$'d\xff\ne'
			expect_field 'm["command"]["text"]' $'ls "/none\xff\xc3\xa9\xe2\x80\xae\xc2\x9b" \'a\nb\''
			expect_field 'm["id"][:-6]' wttr--0.1-
			LC_ALL=C grep -q '[^ -~]' "$manifest" && fail "$bash: not all ASCII"
			take_hint
			[[ $(wc -l <"$T/hint") -eq 4 ]] || fail "$bash: a hint of other lines: $(<"$T/hint")"
			# C1 controls and marks that turn text around would reach the terminal.
			grep -qF "p\x0a\" of wttr\xff 0.1 failed with exit code 2 in: ls \"/none\xff\xc3\xa9\xe2\x80\xae\xc2\x9b\" 'a ..." "$T/hint" ||
				fail "$bash: another hint: $(<"$T/hint")"
		done
	done < <(bashes)
}

test_mounts_with_strange_names() {
	mounted "$this_bash" 'strange=$(printf "x\\\\y\\n\""); mkdir "$T/a b" "$T/d"; mount -t tmpfs none "$T/d"
		mkdir "$T/d/$strange"; mount --bind "$T/d/$strange" "$T/a b"' false
	valid "$manifest"
	expect_field '[x["root"] for x in m["mounts"] if x["mountPoint"].endswith("/a b")][0]' $'/x\\y\n"'
	expect_field '[x["type"] for x in m["mounts"] if x["mountPoint"].endswith("/a b")][0]' tmpfs
}

# mountinfo's root is relative to its file system: of a tmpfs it is not the host's path.
test_hint_shows_the_id_where_the_path_is_not_sure() {
	mounted "$this_bash" 'mkdir "$T/fs"; mount -t tmpfs none "$T/fs"; mkdir "$T/fs/nix-build-wttr.drv-0"
		mount --bind "$T/fs/nix-build-wttr.drv-0" "$T/top"' 'cp -R "$T/top/." /dev/null 2>&1; false' || true
	expect_err "nix-build-shell wttr-0.1-"
	mounted "$this_bash" 'mkdir -p "$T/fs"; mount -t tmpfs none "$T/fs"; mkdir -p "$T/fs/tmp/nix-build-wttr.drv-0/build"
		mount --bind "$T/fs/tmp/nix-build-wttr.drv-0/build" "$T/top"' false
	expect_err "    nix-build-shell /tmp/nix-build-wttr.drv-0/build bash"
}

test_paths_that_look_like_a_kept_directory() {
	local root expected
	make_hook
	while read -r root expected; do
		run env -i "$this_bash" -c 'NIX_BUILD_TOP=/build IN_NIX_SHELL=1; source "$1"
			_nixBuildShell_root=$2 _nixBuildShell_sandboxed=true _nixBuildShell_id=ID _nixBuildShellCommand= _nixBuildShellStatus=1
			_nixBuildShellPrintHint' - "$HOOK" "$root"
		grep -qxF "    nix-build-shell $expected bash" "$T/out" || fail "$root"
	done <<-'END'
		/tmp/nix-build-wttr-0.1.drv-0 /tmp/nix-build-wttr-0.1.drv-0
		/tmp/nix-build-wttr.drv-12/build /tmp/nix-build-wttr.drv-12/build
		/nix/var/nix/builds/nix-123-4567/build /nix/var/nix/builds/nix-123-4567/build
		/nix/var/nix/b/0123456789abcdfghijklmnpqr/b /nix/var/nix/b/0123456789abcdfghijklmnpqr/b
		/ ID
		/nix-build-wttr.drv-0 ID
		/@/tmp/nix-build-wttr.drv-0 ID
		/tmp/nix-build-wttr.drv-0/build/.. ID
		/tmp/nix-build-wttr.drv- ID
		/tmp/nix-build-$(id).drv-0 ID
		/tmp/nix-build-a;b.drv-0 ID
		/tmp/nix-build-a/b.drv-0 ID
		/var/nix/builds/nix-123-4567/build ID
		/nix/var/nix/builds/nix-123-4567 ID
		/nix/var/nix/builds/nix-1-x/build ID
		/nix/var/nix/b/0123456789abcdefghijklmnpq/b ID
		/nix/var/nix/b/0123456789abcdfghijklmnpqr ID
	END
}

test_full_disk() {
	mounted "$this_bash" 'mount -t tmpfs -o size=64k none "$T/top"' \
		'{ while printf "%01024d" 0; do :; done; } >fill 2>/dev/null || :; ls -A /none*; exit 3'
	expect_status 3
	take_hint
	expect_empty_err
	[[ ! -s $T/hint ]] || fail "a hint that leads nowhere"
	mounted "$this_bash" 'mount -t tmpfs -o size=64k,nr_inodes=3 none "$T/top"' 'umask 077; ls -A >/dev/null; false'
	expect_status 1
	take_hint
	expect_empty_err
}

test_read_only_build_directory() {
	mounted "$this_bash" 'cd "$T/top"; >env-vars; mount --bind "$T/top" "$T/top"' \
		'cd /; mount -o remount,bind,ro "$T/top"; false'
	expect_status 1
	take_hint
	expect_empty_err
	[[ ! -e $T/top/.nix-build-shell ]] || fail "it was not read-only"
}

# bare_bash: prints the path of this bash where no loadable builtins are beside it.
bare_bash() {
	mkdir -p "$T/bare/bin"
	ln -sf "$this_bash" "$T/bare/bin/bash"
	printf '%s\n' "$T/bare/bin/bash"
}

# expect_files: with the modes that they have whatever the build's umask is.
expect_files() {
	valid "$manifest"
	[[ $(cd "$T/top/.nix-build-shell" && stat -c %a . ./*) == 755$'\n'644$'\n'600 ]] || fail "other modes"
}

expect_nothing() {
	expect_status 1
	take_hint
	expect_empty_err
	[[ ! -e $T/top/.nix-build-shell && ! -s $T/hint ]] || fail "who made it?"
}

test_nothing_on_the_path() {
	local bash
	bash=$(bare_bash)
	build_env=(NIX_STORE="$T/store")
	build "$bash" 'PATH=/nowhere; _nixBuildShellPath=; false'
	expect_nothing
	mkdir -p "$T/store/x-tools/bin"
	ln -s "$(type -P mkdir)" "$T/store/x-tools/bin/"
	build "$bash" 'PATH=/nowhere; _nixBuildShellPath=; umask 777; false'
	expect_files
	build "$bash" 'PATH=; LD_PRELOAD=/none; false'
	valid "$manifest"
}

test_directory_without_a_program() {
	local bash nowhere='PATH=/nowhere _nixBuildShellPath='
	[[ -n $(bashes_that_load) ]] || skip "no bash with loadable builtins"
	build_env=(NIX_STORE="$T/store")
	while read -r bash; do
		build "$bash" "$nowhere; umask 777; mkdir() { :; }; enable() { :; }; exec() { :; }; set -o posix; false"
		expect_files
		# No place but the one beside the bash that runs: not the working directory, and not the root.
		# shellcheck disable=SC2016
		build "$bash" "$nowhere"'; BASH_LOADABLES_PATH=${BASH%/bin/*}/lib/bash BASH=/nowhere/bin/bash; false'
		expect_nothing
		build "$bash" "$nowhere; unset BASH; false"
		expect_nothing
		# shellcheck disable=SC2016
		build "$bash" 'mkdir here; ln -s "${BASH%/bin/*}/lib" here/; BASH=here/bin/bash;'"$nowhere; false"
		expect_nothing
	done < <(bashes_that_load)
}

# The program makes the directory where bash cannot load the builtin.
test_builtin_that_cannot_be_loaded() {
	local bash
	bash=$(bare_bash)
	mkdir -p "$T/bare/lib/bash"
	echo garbage >"$T/bare/lib/bash/mkdir"
	build "$bash" 'umask 777; false'
	expect_files
	build "$this_bash" 'enable -n enable; umask 777; false'
	expect_files
}

test_unset_names() {
	# runPhase has a curPhase of its own beside genericBuild's.
	build "$this_bash" 'forget() { unset curPhase; }; forget; forget; unset name pname version stdenv system SHELL out outputs NIX_STORE; false'
	valid "$manifest"
	expect_err "nix-build-shell: the build failed with exit code 1 in: false"
	expect_field '["pname" in m, "version" in m, "stdenv" in m, m["phase"]]' '[false, false, false, ""]'
	build "$this_bash" 'unset NIX_BUILD_TOP; false'
	expect_status 1
	take_hint
	expect_empty_err
}

test_pipeline_is_called_one() {
	build "$this_bash" 'false | cat'
	expect_err "failed with exit code 1 in a pipeline with: cat"
	build "$this_bash" $'ls \\\n/none\necho not reached'
	expect_err "in: ls /none"
	build "$this_bash" $'false "\e[31ma\nb"'
	expect_err 'in: false "\x1b[31ma ...'
}

test_without_the_trap() {
	build_env=(nixBuildShellTrap=)
	build "$this_bash" '[[ -z $(trap -p ERR) ]] || echo trap; false'
	expect_out 'Running phase: buildPhase'
	valid "$manifest"
	expect_field '"command" in m' false
	build_env=()
	build "$this_bash" 'trap "echo mine" ERR; f() { false; }; f'
	valid "$manifest"
	build_env=(IN_NIX_SHELL=impure)
	build "$this_bash" false
	expect_status 1
	take_hint
	[[ ! -s $T/hint ]] || fail "a hint in nix-shell"
}

test_sourced_twice() {
	build "$this_bash" 'source "$T/hook-package/nix-support/setup-hook"; false'
	[[ $(grep -c 'failed with exit code' "$T/err") -eq 1 ]] || fail "two hints"
}

# processes BASH PHASE-TEXT [INPUT]: how many a build makes as process 1, with a /dev/shm of its own, as in Nix's sandbox.
# Those of unshare and of the setup script count too.
processes() {
	rm -rf "$T/top"
	mkdir "$T/top"
	strace -f -qq -e trace=clone,clone3,fork,vfork,execve -o "$T/trace" \
		"${as_in_a_sandbox[@]}" "$1" "$2" "${3-}" >/dev/null 2>"$T/err" || :
	forks=$(grep -cE ' (clone3?|v?fork)\(' "$T/trace")
	programs=$(grep -c ' execve(' "$T/trace")
}

# expect_processes BASH PHASE-TEXT PROCESSES PROGRAMS: which the hook adds.
expect_processes() {
	local forks programs before
	processes "$1" "$2"
	before="$forks $programs"
	processes "$1" "$2" "${HOOK%/nix-support/*}"
	[[ "$((forks - ${before% *})) $((programs - ${before#* }))" == "$3 $4" ]] || {
		cat "$T/trace"
		fail "$1: $2: the hook makes $((forks - ${before% *})) processes and starts $((programs - ${before#* })) programs"
	}
}

test_makes_few_processes() {
	local bash
	[[ -n $(bashes_that_load) ]] || skip "no bash with loadable builtins"
	make_hook
	export -f become_build
	export SETUP
	while read -r bash; do
		expect_processes "$bash" true 0 0
		expect_processes "$bash" false 1 0
		expect_processes "$bash" 'exit 3' 1 0
		expect_processes "$bash" 'unset BASH; false' 2 1
		# shellcheck disable=SC2016
		expect_processes "$bash" 'unset BASH; mkdir "$NIX_BUILD_TOP/.nix-build-shell"; false' 1 0
	done < <(bashes_that_load)
	bash=$(type -P bash-static)
	expect_processes "$bash" true 0 0
	expect_processes "$bash" false 2 1
	expect_processes "$bash" 'exit 3' 2 1
}

# least_time SCRIPT: what a build takes of the processor's time, in milliseconds; the least of several. (A clock's time is
# lengthened at will by a busy machine.)
least_time() {
	local least=999999 taken
	for _ in 1 2 3 4 5 6 7; do
		times >"$T/before"
		build "$this_bash" "$1"
		times >"$T/after"
		taken=$(($(children_time "$T/after") - $(children_time "$T/before")))
		((least = taken < least ? taken : least))
	done
	((least > 0)) || fail "a build that takes no time"
	echo "$least"
}

# children_time TIMES: user's and system's, of the processes that were waited for, as the shell's `times` prints it.
children_time() {
	awk 'NR == 2 { for (i = 1; i <= 2; i++) { split($i, t, /[ms]/); sum += t[1] * 60000 + t[2] * 1000 }; printf "%d", sum }' "$1"
}

# Where it matters: as many variables and functions as nixpkgs' stdenv has.
test_takes_little_time() {
	local many='for i in {1..300}; do export "variable$i=$i $PATH /nix/store/0123456789abcdfghijklmnpqrsvwxyz-name"
		eval "function$i() { local x=\$1; if [[ -n \$x ]]; then echo \$x | cat; fi; echo function$i \"\$@\"; }"; done;'
	local with without prints
	no_hook=1
	without=$(least_time "$many false")
	# What it takes this bash to print all of them sixty times: forks cost one machine four times as much as another.
	prints=$(($(least_time "$many"' for i in {1..60}; do { declare -p; declare -f; } >/dev/null; done; false') - without))
	no_hook=
	with=$(least_time "$many false")
	echo "a failing build takes $without ms, with the hook $with ms; to print all sixty times takes $prints ms"
	((with - without < prints)) || fail "the hook takes $((with - without)) ms, to print all sixty times $prints ms"
	no_hook=1
	without=$(least_time true)
	no_hook=
	with=$(least_time true)
	echo "one that does not fail takes $without ms, with the hook $with ms"
	((with - without < prints / 5)) || fail "the hook takes $((with - without)) ms of a build that does not fail"
}
