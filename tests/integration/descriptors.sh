# shellcheck shell=bash
# Descriptors 0, 1 and 2: whatever the caller gives, nothing leads out, and nothing outside changes but what was written in order.
# (On a terminal: terminal.sh.)

# In $dir, a kept directory with the hostile program.
setup() {
	kept_with reach-out
	user_dir "$T/outside"
	seq 3 >"$T/outside/in"
	echo before >"$T/outside/log"
	mkfifo "$T/outside/fifo"
	if [[ $EUID -eq 0 && $WHO == user ]]; then chown "$TEST_USER" "$T"/outside/*; fi
}

# all_of FILE...: what may not change, the content aside.
all_of() { stat -c '%n %a %u %h %F' "$@"; }

as_caller() ("${WHO}_exec" NIX_BUILD_SHELL_JAVA_HOME="$JDK" "$@")

# given SHELL-TEXT: run as the caller, in the directory outside, with the tool as `nbs` and the directory as $dir.
given() {
	run as_caller dir="$dir" nbs="$TOOL" bash -c "cd $T/outside; nbs() { \"\$nbs\" \"\$@\"; }; $1"
}

test_hostile_code_reaches_nothing() {
	setup
	local before
	before=$(all_of "$T/outside/in" "$T/outside/log" /dev/null /dev/zero)
	given 'nbs $dir ./reach-out <in >>log 2>>log; echo $?'
	expect_out 0
	[[ $(<"$T/outside/log") == $'before\ndone' ]] || fail "the log has: $(<"$T/outside/log")"
	[[ $(<"$T/outside/in") == $'1\n2\n3' ]] || fail "the input has changed"
	# For reading and writing, for both at once, with nothing at all, and on a device.
	given 'nbs $dir ./reach-out 0<>in 1<>log 2>&1; echo $?
		nbs $dir ./reach-out <&- 2>&- | cat; nbs $dir ./reach-out </dev/zero 2>/dev/null'
	expect_out $'0\ndone\ndone'
	[[ $(<"$T/outside/log") == $'done\ne\ndone' ]] || fail "the log has: $(<"$T/outside/log")"
	[[ $(<"$T/outside/in") == $'1\n2\n3' ]] || fail "the input has changed"
	[[ $(all_of "$T/outside/in" "$T/outside/log" /dev/null /dev/zero) == "$before" ]] || fail "other modes"
	given 'nbs $dir true <.; echo $?; nbs $dir true 2>&1 >/dev/null <.'
	expect_out $'125\nnix-build-shell: cannot run with a directory as descriptor 0: a build could leave its sandbox through it. Try: give it something else: 0</dev/null'
}

# What a program sees of each kind.
test_each_kind_has_its_place() {
	setup
	# shellcheck disable=SC2016
	local kinds='for each in 0 1 2; do stat -L -c "$each %F" /proc/$$/fd/$each >&2; done'
	given "nbs \$dir bash -c '$kinds' <in 2>&1 >>log | cat"
	expect_out $'0 fifo\n1 fifo\n2 fifo'
	given "nbs \$dir bash -c '$kinds' </dev/null 2>&1 >fifo | cat & cat fifo; wait"
	expect_out $'0 character special file\n1 fifo\n2 fifo'
	given "nbs \$dir bash -c '$kinds' <&- 2>&1 >&- | cat"
	expect_out $'0 character special file\n1 character special file\n2 fifo'
	# shellcheck disable=SC2016
	run as_caller perl -MSocket -e 'socketpair(A, B, AF_UNIX, SOCK_STREAM, 0) or die;
		if (!fork) { open STDIN, "<&A"; open STDOUT, ">&A"; exec @ARGV } close A; syswrite B, "line\n"; print scalar <B>' -- \
		"$TOOL" "$dir" bash -c '[[ -S /proc/self/fd/0 ]] && read -r x && echo "a socket: $x"'
	expect_out 'a socket: line'
}

# All kinds in mixes, on a terminal that `script` makes. Each has its place; hostile code changes none of them.
test_mixes() {
	setup
	local mixes=(
		'keys pipe terminal' 'terminal terminal terminal' 'terminal pipe terminal' 'file terminal terminal' 'pipe terminal append'
		'terminal file fifo' 'null terminal closed' 'closed closed terminal' 'closed closed closed' 'terminal closed pipe'
		'fifo fifo fifo' 'socket socket socket' 'socket terminal null' 'append append pipe' 'file null socket'
	)
	local command
	printf -v command '%q ' cd "$T/outside"
	printf -v command '%s && perl %q %q %q%s' "$command" "$SCRATCH/fixtures/mixes.pl" "$TOOL" "$dir" "$(printf ' %q' "${mixes[@]}")"
	run as_caller SHELL=/bin/bash script -qec "$command" /dev/null < <(echo in)
	expect_status 0
	[[ $(<"$T/outside/wrong") == end ]] || fail "$(<"$T/outside/wrong")"
	[[ $(tr -d '\r' <"$T/out" | grep -c '^to 1$') -eq 5 && $(grep -c '^to 2' "$T/out") -eq 5 ]] || fail "the terminal lacks output"
	[[ $(tr -d '\r' <"$T/out" | grep -c '^in$') -eq 1 ]] || fail "what is typed is not shown once"
}

test_what_is_not_read_is_given_back() {
	setup
	seq 100000 >"$T/outside/in"
	given '{ nbs $dir bash -c "read -r x; read -r y; echo got \$x \$y"; head -n 1; nbs $dir true; head -n 1; } <in 2>&1'
	expect_out $'got 1 2\n3\n4'
}

# Two outputs to one file are in order; a full disk, a closed pipe and a file opened for appending are told as ever.
test_output_is_in_order_and_complete() {
	setup
	given 'nbs $dir bash -c "for i in {1..2000}; do echo \$i; echo \$i >&2; done" >log 2>&1'
	cmp <(for ((i = 1; i <= 2000; i++)); do printf '%s\n%s\n' "$i" "$i"; done) "$T/outside/log" || fail "another order"
	given 'nbs $dir sh -c "yes | head -c 20000000" >log; nbs $dir sh -c "echo more" >>log; wc -c <log'
	expect_out 20000005
	given 'nbs $dir echo text >/dev/full; echo $?'
	expect_out 125
	expect_err 'descriptor 1: ENOSPC'
	given '(nbs $dir sh -c "while echo y; do :; done" >fifo 2>/dev/null; echo ended >log) & head -n 1 fifo; wait; cat log'
	expect_out $'y\nended'
}

# Signals stay inside, whatever a program kills.
test_kill_0_stays_inside() {
	setup
	given 'nbs $dir bash -c "kill -STOP 0; kill -KILL 0; kill -TERM 0; echo inside" </dev/null; echo outside'
	expect_out $'inside\noutside'
}

# Without a socket pair, or where the child cannot send on it: pipes, never a descriptor of the caller's.
test_without_a_pseudoterminal_there_are_pipes() {
	setup
	compile "$T/refuse" "$TOP/tests/fixtures/refuse.c"
	local call
	for call in socketpair sendmsg; do
		run as_caller SHELL=/bin/bash script -qec "$T/refuse EPERM $call -- $TOOL $dir ./reach-out" /dev/null </dev/null
		expect_status 0
		grep -q "$call.*: EPERM (operation not permitted); so the sandbox has no terminals" <(tr -d '\r' <"$T/out") || fail "$call is not named"
		grep -q '^done' "$T/out" || fail "it did not run"
	done
}
