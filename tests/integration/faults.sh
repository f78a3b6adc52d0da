# shellcheck shell=bash
# Faults: whatever ends the tool, at whatever moment, no process and no mount stays, the kept directory is
# as it was, and the next run works.

setup() {
	dir=$(kept readable)
	before=$(snapshot "$dir")
	mounts=$(own_mounts)
	# Marks the sandbox's processes among the machine's.
	mark=1234567$RANDOM
}

# start COMMAND...: the tool in the background, in `tool`; returns when the command runs in the sandbox.
# The command's arguments must have the mark.
start() {
	nbs_exec "$dir" "$@" >"$T/out" 2>"$T/err" &
	tool=$!
	eventually sandbox_runs || fail "the command did not come to run"
}

command_is_ready() { eventually grep -qx ready "$T/out" || fail "the command did not come to run"; }

# The processes with the mark, but for the tool, which has it among its arguments.
sandbox_processes() { pgrep -f "$mark" | grep -vx "$tool"; }
sandbox_runs() { sandbox_processes >/dev/null; }
sandbox_is_gone() { ! pgrep -f "$mark" >/dev/null; }

# Those of this test; others run beside it.
own_mounts() { grep -F "$T" /proc/self/mountinfo | cut -d' ' -f5- || true; }

nothing_stays() {
	eventually sandbox_is_gone || fail "processes stay: $(pgrep -af "$mark")"
	[[ $(own_mounts) == "$mounts" ]] || fail "mounts stay"
	[[ $(snapshot "$dir") == "$before" ]] || fail "the kept directory has changed"
	if ! java_is_not_ready && grep -E 'Exception|^\s+at |SIGSEGV' "$T/err"; then fail "a stack trace"; fi
}

# Copies that were left are removed by the next run, which works.
next_run_cleans() {
	prints 1000 id -u
	no_files_below "$USER_HOME" "the next run left something"
}

status_of_tool() {
	status=0
	wait "$tool" || status=$?
}

# A command with children of all kinds: in the background, in a session of their own, orphaned, deaf.
family='trap "" HUP TERM INT; (setsid sleep $0 &); sleep $0 & (trap "" HUP; sleep $0) & sleep $0; wait'

several() { [[ $(sandbox_processes | wc -l) -ge 4 ]]; }

test_killed_tool_leaves_nothing() {
	setup
	start bash -c "$family" "$mark"
	eventually several || fail "the family did not come to run"
	kill -KILL "$tool"
	status_of_tool
	expect_status 137
	nothing_stays
	next_run_cleans
}

test_killed_tool_while_others_run() {
	setup
	nbs_exec "$dir" sh -c 'touch alive; sleep 4; cat alive && echo well' >"$T/other" 2>&1 &
	local other=$!
	start sleep "$mark"
	kill -KILL "$tool"
	status_of_tool
	nothing_stays
	next=$(nbs "$dir" echo next)
	[[ $next == next ]] || fail "the next run"
	wait "$other" || fail "the other session was disturbed: $(<"$T/other")"
	[[ $(<"$T/other") == well ]] || fail "the other session was disturbed: $(<"$T/other")"
}

# ended_by SIGNAL STATUS: the tool, by a signal that the command does not catch.
ended_by() {
	setup
	start sleep "$mark"
	kill "-$1" "$tool"
	patience=4 eventually sandbox_is_gone || fail "not ended by SIG$1"
	status_of_tool
	expect_status "$2"
	nothing_stays
	next_run_cleans
}

test_sigterm_ends_everything() { ended_by TERM 143; }
test_sighup_ends_everything() { ended_by HUP 129; }
test_sigint_ends_a_command() { ended_by INT 130; }

test_caught_sigterm_gets_its_time() {
	setup
	start bash -c 'trap "echo caught; exit 5" TERM; echo ready; while :; do sleep 0.1; done' "$mark"
	command_is_ready
	kill -TERM "$tool"
	status_of_tool
	expect_out $'ready\ncaught'
	nothing_stays
}

test_deaf_command_is_ended_after_a_grace_period() {
	setup
	start bash -c 'trap ":" TERM; echo ready; while :; do sleep 0.1; done' "$mark"
	command_is_ready
	kill -TERM "$tool"
	eventually sandbox_is_gone || fail "a command that goes on after SIGTERM goes on for ever"
	status_of_tool
	nothing_stays
}

test_caught_sigint_is_the_commands() {
	setup
	start bash -c 'trap "echo caught; exit 5" INT; echo ready; while :; do sleep 0.1; done' "$mark"
	command_is_ready
	kill -INT "$tool"
	status_of_tool
	expect_out $'ready\ncaught'
	expect_status 5
	nothing_stays
}

test_orphans_end_with_the_command() {
	setup
	run nbs "$dir" bash -c '(setsid sleep $0 </dev/null >/dev/null 2>&1 &); exit 6' "$mark"
	expect_status 6
	tool=0
	nothing_stays
}

# How many milliseconds the tool takes from its start to its end, on this machine and under its load.
measure() {
	local started=${EPOCHREALTIME/[.,]/}
	nbs "$dir" true
	whole=$(((${EPOCHREALTIME/[.,]/} - started) / 1000))
}

# milliseconds N: sleep as long.
milliseconds() { sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"; }

# Where a signal ends a Java that is still making itself, it says so and ends with 1: nothing of the tool has run.
java_is_not_ready() { [[ ${status-} == 1 ]] && grep -q '^Error occurred during initialization of VM' "$T/err"; }

# at_any_moment SIGNAL STATUS ROUNDS: during the JVM's start, the set-up and the command.
at_any_moment() {
	local round
	setup
	measure
	for ((round = 0; round < $3; round++)); do
		nbs_exec "$dir" sleep "$mark" >"$T/out" 2>"$T/err" &
		tool=$!
		milliseconds $((20 + whole * round / $3 + RANDOM % 20))
		kill "-$1" "$tool"
		eventually sandbox_is_gone || fail "SIG$1 in round $round left: $(pgrep -af "$mark")"
		status_of_tool
		java_is_not_ready || expect_status "$2"
		nothing_stays
	done
	next_run_cleans
	if find "$T" "$dir" -name 'hs_err*' | grep .; then fail "the JVM crashed"; fi
}

test_sigkill_at_any_moment() { at_any_moment KILL 137 10; }
test_sigterm_at_any_moment() { at_any_moment TERM 143 7; }
test_sighup_at_any_moment() { at_any_moment HUP 129 7; }
test_sigint_at_any_moment() { at_any_moment INT 130 7; }

# Signals that end nothing, as when a window changes its size or a child of the JVM ends.
test_harmless_signals_at_any_moment() {
	local round signal
	setup
	measure
	for ((round = 0; round < 8; round++)); do
		nbs_exec "$dir" sh -c 'sleep 0.1; exit 9' "$mark" >"$T/out" 2>"$T/err" &
		tool=$!
		milliseconds $((20 + whole * round / 8))
		for signal in WINCH CONT CHLD URG; do kill "-$signal" "$tool" 2>/dev/null || true; done
		status_of_tool
		expect_status 9
		nothing_stays
	done
}

test_ten_at_once() {
	setup
	local i tools=()
	for ((i = 0; i < 10; i++)); do
		nbs_exec "$dir" bash -c 'echo $0 >mine; sleep 0.5; cat mine; ls | wc -l; exit $0' "$((i + 1))" \
			>"$T/out.$i" 2>"$T/err.$i" &
		tools+=($!)
	done
	for ((i = 0; i < 10; i++)); do
		status=0
		wait "${tools[i]}" || status=$?
		cp "$T/out.$i" "$T/out"
		cp "$T/err.$i" "$T/err"
		expect_status $((i + 1))
		expect_out "$((i + 1))"$'\n3'
		expect_empty_err
	done
	tool=0
	nothing_stays
	next_run_cleans
}

# A shell that was killed with edits: they are kept, and the next run leaves them alone.
test_killed_shell_keeps_its_edits() {
	setup
	mkfifo "$T/in"
	nbs_on_terminal "$dir" <"$T/in" >"$T/out" 2>"$T/err" &
	exec 6>"$T/in"
	echo "echo edited >edited-file; echo made-\$((1 + 1)); sleep $mark" >&6
	eventually grep -q made-2 "$T/out" || fail "the shell did not come to run"
	# The tool is java, below script.
	pkill -KILL -x -f "[^ ]*java .*nix-build-shell.jar nixbuildshell.cli.Main $dir" || fail "there is no tool to kill"
	exec 6>&-
	wait "$!" || true
	nothing_stays
	prints 1000 id -u
	[[ -n $(find "$USER_HOME" -name edited-file) ]] || fail "the edits are gone"
}

# full_disk SIZE: the session's place is a file system of that size.
full_disk() {
	[[ $EUID -eq 0 ]] || skip "only root can mount the small file system"
	setup
	mkdir "$T/small"
	mount -t tmpfs -o "size=$1,mode=777" none "$T/small"
	trap 'umount -l "$T/small"' EXIT
	mounts=$(own_mounts)
	if [[ $WHO == user ]]; then chown "$TEST_USER:" "$T/small"; fi
	run nbs --work-dir "$T/small" "$dir" true
	expect_status 125
	grep -qi 'no space left' "$T/err" || fail "the reason is not said"
	expect_err "$T/small"
	tool=0
	nothing_stays
	no_files_below "$T/small" "something is left on the full disk"
}

test_full_disk_while_copying() {
	dir=$T/nix-build-kept-1.0.drv-0
	user_dir "$dir"
	cp "$(kept readable)/env-vars" "$dir/"
	mkdir "$dir/d"
	head -c 3000000 /dev/urandom >"$dir/d/big"
	chmod -R a+rX "$dir"
	# shellcheck disable=SC2317 # full_disk calls it
	kept() { echo "$dir"; }
	full_disk 1500k
}

test_full_disk_at_the_start() { full_disk 4k; }

is_given_up() { compgen -G "$base/.removing-*" >/dev/null; }
nothing_is_given_up() { ! is_given_up; }

# A process of its own removes a large copy; it also finishes what one that was killed has left. A caller who waits for the
# end of the output does not wait for it.
test_a_large_copy_is_removed_after_the_exit_status() {
	setup
	local made base=$USER_HOME/.local/state/nix-build-shell many='mkdir many; cd many; for i in {1..20000}; do : >f$i; done'
	prints 1000 id -u
	as_user bash -c "mkdir -p '$base/.removing-killed-zzzz'; cd '$base/.removing-killed-zzzz'; $many"
	status=0
	made=$(nbs "$dir" bash -c "$many; echo made; exit 7") || status=$?
	[[ $made-$status == made-7 ]] || fail "$made and $status"
	is_given_up || fail "the exit status came after the removal"
	! nbs list | grep -q removing || fail "list shows what is being removed"
	eventually nothing_is_given_up || fail "it was not removed: $(ls -A "$base")"
	no_files_below "$USER_HOME" "something stays"
}
