# shellcheck shell=bash
# The tool's sandbox is Nix's own, fact by fact, but for what tests/parity/differences lists: with the Nix of
# this machine, and with that of Debian 13.
jdks=any users=each limit=300

in_debian13() {
	[[ $EUID -eq 0 ]] || skip "only root can make a Debian 13 to run Nix 2.26 in"
	enter_debian13
}

test_a_plain_build() { same_as_nix plain; }

test_a_plain_build_on_the_older_java() {
	JDK=${OLD_JDK:-$JDK}
	same_as_nix plain
}

test_a_plain_build_of_nix_2_26() {
	in_debian13
	same_as_nix plain
}

test_a_kept_failure_of_nix_2_26_is_entered() {
	in_debian13
	local dir
	dir=$(kept plain)
	[[ $dir == */build ]] || fail "Nix 2.26 keeps the directory build in another one; here it is $dir"
	run nbs "$dir" bash -c 'echo $HOME; pwd; cat plain-1.0/obj/main.o; echo $greeting; mkdir $out && echo made'
	expect_status 0
	expect_out $'/homeless-shelter\n/build\nobject\nhello, world\nmade'
	run nbs "${dir%/build}" pwd
	expect_out /build
}

# The comparison itself.
test_another_difference_is_found() {
	same_as_nix plain
	local list=$TOP/tests/parity/differences words=("$WHO" plain "nix-$(nix_version)") line
	line=$(grep '^status NoNewPrivs' "$T/tool")
	[[ -n $line ]] || fail "there is no NoNewPrivs among the facts"
	grep -vxF "$line" "$T/tool" >"$T/less"
	difference "$T/nix" "$T/less" >"$T/difference"
	run judge "$list" "$T/difference" "${words[@]}"
	expect_status 1
	grep -xF -e "-$line" "$T/out" || fail "it is not said"

	difference "$T/nix" "$T/tool" >"$T/difference"
	{ cat "$list" && echo "$WHO|[+]status NoNewPrivs:.*"; } >"$T/list"
	run judge "$T/list" "$T/difference" "${words[@]}"
	expect_status 1
	grep -q 'no longer a difference: .*NoNewPrivs' "$T/out" || fail "it is not said"
}
