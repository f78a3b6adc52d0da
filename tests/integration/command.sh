# shellcheck shell=bash
# The command: its arguments, its standard streams, its exit status.

setup() { dir=$(kept readable); }

# passes ARGS...: they reach the command as they are.
passes() {
	run nbs "$dir" bash -c 'printf "%s\0" "$@"' -- "$@"
	expect_status 0
	printf '%s\0' "$@" | cmp - "$T/out" || fail "other arguments than: ${*@Q}"
}

test_arguments_pass_byte_for_byte() {
	setup
	# shellcheck disable=SC1003
	passes '' 'two words' "it's" '"quoted"' $'a\nb' $'tab\t' '$HOME' '`id`' '*' '\' '\\n' $'\x01\x7f'
	passes @file @/etc/passwd -v --help --drv -- - --explain=x ''
	passes '' '' ''
}

test_arguments_pass_in_any_locale() {
	setup
	local locale
	for locale in C POSIX C.UTF-8 de_DE.ISO-8859-1; do
		tool_env=(LANG="$locale" LC_ALL="$locale")
		passes $'\xff' $'caf\xe9' $'\xc3\xa9' $'\xf0\x9f\x98\x80' $'\xed\xa0\x80' $'\x80\xbf' ''
	done
}

test_many_and_long_arguments_pass() {
	setup
	local long
	printf -v long '%*s' 100000 x
	passes "$long" $(seq 2000)
}

test_options_after_the_directory_are_the_commands() {
	setup
	prints '-v --help --version --explain' echo -v --help --version --explain
	run nbs "$dir" ls -la
	expect_status 0
	grep -q ' env-vars$' "$T/out" || fail "ls -la does not list env-vars"
}

test_names_that_are_not_utf_8() {
	setup
	local odd=$T/$'caf\xe9 \xff'/nix-build-kept-1.0.drv-0
	user_dir "$odd"
	cp "$dir/env-vars" "$odd/"
	echo content >"$odd"/$'\xfe'
	chmod -R a+rX "$odd"
	tool_env=(LANG=C)
	run nbs "$odd" cat $'\xfe'
	expect_status 0
	expect_out content
}

test_exit_status_is_the_commands() {
	setup
	local status_wanted
	for status_wanted in 0 1 2 42 125 255; do
		run nbs "$dir" bash -c "exit $status_wanted"
		expect_status "$status_wanted"
		expect_empty_err
	done
}

test_command_that_is_not_there() {
	local command
	setup
	run nbs "$dir" no-such-command
	expect_status 127
	expect_err no-such-command
	expect_err '--: line 1: exec: no-such-command: not found' \
		"nix-build-shell: cannot run no-such-command: not in the build's PATH. Try: --sandbox-path "
	run nbs "$dir" 'echo hi'
	expect_status 127
	expect_err "'echo hi' is one word" "Try: nix-build-shell $dir echo hi, or with a shell: nix-build-shell $dir bash -c 'echo hi'"
	for command in 'echo\ hi' ./no-such-file 'sh -c no-such-command' 'sh -c exit\ 127'; do
		eval "run nbs \"\$dir\" $command"
		expect_status 127
		if grep 'cannot run' "$T/err"; then fail "said of $command"; fi
	done
}

test_command_that_cannot_be_executed() {
	setup
	run nbs "$dir" ./env-vars
	expect_status 126
	run nbs "$dir" /build
	expect_status 126
}

test_command_that_is_killed() {
	setup
	nbs_exec "$dir" sleep 1234 >"$T/out" 2>"$T/err" &
	local tool=$! command
	eventually pgrep -x -P "$tool" sleep >/dev/null || fail "no sleep came to run"
	command=$(pgrep -x -P "$tool" sleep)
	kill -KILL "$command"
	status=0
	wait "$tool" || status=$?
	expect_status 137
}

test_stdin_passes() {
	setup
	printf 'a\0b\xff\n' >"$T/in"
	status=0
	nbs "$dir" cat <"$T/in" >"$T/out" || status=$?
	expect_status 0
	cmp "$T/in" "$T/out"
	head -c 20000000 /dev/urandom >"$T/in"
	[[ $(head -c 20000000 "$T/in" | nbs "$dir" sha256sum) == $(sha256sum <"$T/in") ]] || fail "other bytes through a pipe"
}

test_closed_streams_do_not_matter() {
	setup
	status=0
	nbs "$dir" sh -c 'exit 7' <&- || status=$?
	expect_status 7
	status=0
	nbs "$dir" sh -c 'exit 7' >&- 2>&- || status=$?
	expect_status 7
}

# The reader of a pipe goes away: the command gets SIGPIPE or EPIPE, as it would without the tool.
test_broken_pipe() {
	setup
	[[ $(nbs "$dir" yes 2>/dev/null | head -n 1) == y ]] || fail "no y"
}

test_output_comes_at_once() {
	setup
	mkfifo "$T/fifo"
	nbs_exec "$dir" sh -c 'echo early; sleep 1234' >"$T/fifo" 2>"$T/err" &
	local tool=$! line
	exec 5<"$T/fifo"
	read -r -t 30 line <&5 || fail "nothing was printed"
	[[ $line == early ]]
	kill -TERM "$tool"
	wait "$tool" || true
}

test_without_a_command_there_is_a_shell() {
	setup
	printf 'pwd\necho $HOME\nexit 4\n' >"$T/in"
	run nbs "$dir" <"$T/in"
	expect_status 4
	grep -qx /build "$T/out" || fail "not in /build"
	grep -qx /homeless-shelter "$T/out" || fail "no environment"
}
