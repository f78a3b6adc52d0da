# shellcheck shell=bash
# Today's Nix, in Debian sid: a kept directory bears no derivation's name, and the build user alone can read what is in it.
# (Which derivation it was is matching's to tell, the sandbox parity's.) And `last` with 2.26 too.
# shellcheck source=tests/lib/hook.sh
source "$TOP/tests/lib/hook.sh"

test_layout() {
	enter_world sid
	local dir outer
	dir=$(kept plain)
	outer=${dir%/build}
	[[ $dir =~ ^/nix/var/nix/builds/nix-[0-9]+-[0-9]+/build$ ]] || fail "another directory is kept: $dir"
	for dir in "$outer/build" "$outer" "$outer/"; do
		run nbs "$dir" bash -c 'echo $HOME; pwd; cat plain-1.0/obj/main.o; echo $greeting; mkdir $out && echo made; stat -c %u:%g /build'
		expect_status 0
		expect_out $'/homeless-shelter\n/build\nobject\nhello, world\nmade\n1000:100'
	done
	run nbs -v "$outer" true
	expect_status 0
	expect_err '-plain-1.0.drv' "found by the build log's time" 'fits worse, by at least'
	# It failed before it wrote anything.
	dir=$(kept nothing)
	for dir in "$dir" "${dir%/build}"; do
		run nbs "$dir" "$TOOLS_PATH/bin/busybox" sh -c 'echo $colour $(ls -A)'
		expect_status 0
		expect_out blue
	done
}

# Tests of the other lane can leave a newer one meanwhile.
last_is_new() {
	dir=$(build_and_keep "$1" "$T")
	run nbs last bash -c 'echo "$salt $name"'
	[[ $status -eq 0 && $(<"$T/out") == "$SCRATCH $T $1-1.0" ]]
}

test_last() {
	local dir
	enter_world sid
	left_last readable
	left_last plain
	enter_world debian13
	left_last plain
}

left_last() {
	eventually last_is_new "$1" || fail "not the newest"
	expect_err "${dir%/build}"
}

# The hint is what the caller pastes: in the world there is no program of that name.
test_hook() {
	enter_world sid
	hooked hooked
	[[ $status -ne 0 ]] || fail "the build did not fail"
	valid "$manifest"
	expect_field 'm["phase"]' buildPhase
	expect_field 'm["cwd"]' /build/wttr-0.1/obj
	local hint
	hint=$(sed -n '/enter its sandbox with$/{n;s/^ *//p;q}' "$T/log")
	[[ $hint == "nix-build-shell $(field "$manifest" 'm["id"]') bash" ]] || fail "another hint: $hint"
	# shellcheck disable=SC2086
	run nbs -v ${hint#nix-build-shell } -c 'echo "$pname"; pwd'
	expect_status 0
	expect_out $'wttr\n/build'
	expect_err " is ${dir%/build}"
}
