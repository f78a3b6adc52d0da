# shellcheck shell=bash
# On a terminal: Ctrl-C, Ctrl-Z, job control, and a sane terminal afterwards. tmux is the terminal.

# A terminal whose shell has the tool as `nbs` and the directory as $dir.
open_terminal() {
	dir=${dir:-$(kept readable)}
	{
		echo '#!/bin/sh'
		printf 'exec env NIX_BUILD_SHELL_JAVA_HOME=%q %q "$@"\n' "$JDK" "$TOOL"
	} >"$USER_HOME/nbs"
	chmod 755 "$USER_HOME/nbs"
	start_terminal dir="$dir" nbs="$USER_HOME/nbs"
}

# In the sandbox, with a prompt of its own.
enter() {
	types '$nbs $dir'
	# Typed before the shell runs, it waits in the terminal.
	types 'PS1="in: "; cd $NIX_BUILD_TOP'
	types 'echo entered-$((40 + 2))'
	shows '^entered-42'
}

# says TEXT: an echo whose text is not in what is typed.
says() {
	types "echo ${1:0:1}''${1:1}"
	shows "^$1\$"
}

test_shell_has_job_control() {
	open_terminal
	enter
	if on_screen 'no job control|cannot set terminal process group'; then
		screen
		fail "no job control"
	fi
	types 'case $- in *i*m*|*m*i*) echo both-$((1 + 1));; esac'
	shows '^both-2'
	types 'exit 3'
	shows '^(exit|out:)'
	types 'echo status=$?'
	shows '^status=3$'
}

test_ctrl_c_in_the_shell() {
	open_terminal
	enter
	types 'sleep 1234'
	sleep 0.5
	keys C-c
	types 'echo status=$?'
	shows 'status=130$'
	# At the prompt, and in the middle of a line.
	keys C-c C-c
	keys -l 'echo not this'
	keys C-c
	says still-there
	types exit
	shows 'out: $'
	types 'echo status=$?'
	shows 'status=(0|130)$'
}

# Ctrl-\ is a key like Ctrl-C, to a job, to the shell, to a command, and to one that catches it. SIGQUIT to the tool is passed on, and
# no threads of the JVM's are printed.
test_ctrl_backslash() {
	open_terminal
	enter
	types 'sleep 1234'
	sleep 0.5
	keys C-\\
	types 'echo status=$?'
	shows 'status=131$'
	keys C-\\
	says still-there
	kill -QUIT "$(tool_process)"
	says not-ended
	types 'exit 4'
	shows 'out: $'
	types '$nbs $dir sh -c "echo run\"\"ning; sleep 1234"; echo plain=$?'
	shows '^running'
	sleep 0.5
	keys C-\\
	shows 'plain=131$'
	types "\$nbs \$dir bash -c 'trap \"exit 5\" QUIT; echo wai\"\"ting; while :; do sleep 0.1; done'; echo caught=\$?"
	shows '^waiting'
	sleep 0.5
	keys C-\\
	shows 'caught=5$'
	# The terminal sends it to the whole pipeline, since the keys are not the command's. (bash ignores it, its jobs do not.)
	types '$nbs $dir bash -c "echo pip""ed; sleep 1234; exit \$?" | cat; echo of-a-pipe=${PIPESTATUS[0]}'
	shows '^piped'
	sleep 0.5
	keys C-\\
	shows '^of-a-pipe=131$'
	types "\$nbs \$dir bash -c 'trap \"exit 6\" QUIT; echo rea\"\"dy; while :; do sleep 0.1; done' </dev/null | cat; echo trapped=\${PIPESTATUS[0]}"
	shows '^ready'
	sleep 0.5
	keys C-\\
	shows '^trapped=6$'
	if on_screen 'thread dump'; then fail "the JVM prints its threads"; fi
}

test_ctrl_z_and_fg_in_the_shell() {
	open_terminal
	enter
	types 'sleep 1234'
	sleep 0.5
	keys C-z
	shows 'Stopped +sleep 1234'
	says between
	types fg
	sleep 0.5
	keys C-c
	types 'echo status=$?'
	shows 'status=130$'
	types 'sleep 1234 &'
	types 'kill %1; wait; jobs; echo jobs-$((1 + 1))'
	shows '^jobs-2'
	types exit
	shows 'out: $'
}

test_ctrl_c_ends_a_plain_command() {
	open_terminal
	types '$nbs $dir sh -c "echo run\"\"ning; sleep 1234"; echo status=$?'
	shows '^running'
	sleep 0.5
	keys C-c
	shows 'status=130$'
	says still-there
}

test_ctrl_c_is_the_commands_when_it_catches_it() {
	open_terminal
	types "\$nbs \$dir bash -c 'trap \"echo cau\"\"ght; exit 5\" INT; echo run\"\"ning; while :; do sleep 0.1; done'; echo status=\$?"
	shows '^running'
	sleep 0.5
	keys C-c
	shows 'caught$'
	shows 'status=5$'
}

test_ctrl_c_twice_ends_a_deaf_command() {
	open_terminal
	types "\$nbs \$dir bash -c 'trap : INT; echo run\"\"ning; while :; do sleep 0.1; done'; echo status=\$?"
	shows '^running'
	sleep 0.5
	keys C-c
	sleep 1.5
	keys C-c
	shows 'status=130$'
}

# same_stty COMMAND: the terminal's settings are the same before and after what COMMAND does: modes, size, mode bits, owner, flags of
# the open file; and it can be opened.
same_stty() {
	open_terminal
	# shellcheck disable=SC2016
	types 'state() { stty -a; stty -g; stat -c "%a %u %g" $(tty); grep flags: /proc/$$/fdinfo/0; : <$(tty) && echo open; }'
	types 'state >$HOME/before'
	"$@"
	shows 'out: $'
	types 'state >$HOME/after; echo saved-$((1 + 1))'
	shows '^saved-2'
	diff "$USER_HOME/before" "$USER_HOME/after" || fail "the terminal has other settings"
	says still-there
}

# The process of the tool, which is java; below it is the sandbox's shell.
tool_process() { pgrep -x -f "[^ ]*java .*nix-build-shell.jar nixbuildshell.cli.Main $dir"; }

killed_shell() {
	enter
	types 'stty raw -echo; echo spoilt-$((1 + 1)); sleep 1234'
	shows 'spoilt-2'
	pkill -KILL -P "$(tool_process)"
	sleep 1
	keys Enter
}

hung_up_tool() {
	enter
	kill -HUP "$(tool_process)"
	sleep 2
	keys Enter
}

spoil_and_leave() {
	enter
	types 'stty -echo -icanon -isig; exit 3'
	sleep 2
	keys Enter
}

leave() {
	enter
	types exit
}

hostile_program() {
	types '$nbs $dir bash -c "echo /dev/pts/*; ./reach-out"'
	shows '^done'
}

test_terminal_is_the_same_afterwards() { same_stty leave; }
test_terminal_is_sane_after_a_shell_that_spoilt_it() { same_stty spoil_and_leave; }
test_terminal_is_sane_after_sighup() { same_stty hung_up_tool; }
test_terminal_is_sane_after_a_killed_shell() { same_stty killed_shell; }

# Nor does it see another terminal of the caller's.
test_terminal_is_untouched_by_hostile_code() {
	kept_with reach-out
	same_stty hostile_program
	on_screen '^/dev/pts/0 /dev/pts/ptmx$' || fail "other terminals: $(screen)"
	if on_screen '^descriptor'; then fail "a way out: $(screen)"; fi
}

# opens_none TERMINAL...: another local user can neither read nor write any of these.
opens_none() {
	local each
	for each; do
		if as_another "<$each" || as_another ">$each"; then fail "another user opens $each"; fi
	done
}
as_another() { setpriv --reuid=games --regid=games --clear-groups sh -c "exec 3$1" 2>/dev/null; }

terminal_of() { tmux_does display-message -p -t "$1" '#{pane_tty}'; }

# Two users, and two terminals of the caller's. Hostile code opens this terminal to all, and writes to and reads from what it finds.
test_terminals_are_the_callers_alone() {
	if [[ $EUID -ne 0 ]] || ! getent passwd games >/dev/null; then skip "only root can be another user"; fi
	kept_with reach-out
	open_terminal
	tmux_does new-window -d 'exec cat'
	local this other before inside
	this=$(terminal_of :0) other=$(terminal_of :1)
	before=$(all_of "$this" "$other")
	enter
	types 'chmod 777 /proc/self/fd/[012] /dev/pts/* /dev/tty /proc/[0-9]*/fd/*; ./reach-out; stty sane'
	shows '^done'
	types 'for each in /dev/pts/[0-9]* /dev/tty* /dev/console /proc/[0-9]*/fd/*; do [ -c $each ] && echo written-$((1 + 1)) >$each; done'
	types 'echo $(ls /dev/pts) end-$((1 + 1)); sleep 4321'
	shows '^0 ptmx end-2$'
	if on_screen '^descriptor'; then fail "a way out: $(screen)"; fi
	[[ $(all_of "$this" "$other") == "$before" ]] || fail "other modes: $(all_of "$this" "$other"), before $before"
	# The other terminal shows nothing of it, and gets what is typed there.
	tmux_does send-keys -t :1 -l typed
	tmux_does send-keys -t :1 Enter
	eventually other_shows typed || fail "it did not get what was typed"
	[[ $(tmux_does capture-pane -p -t :1 | grep -v '^$') == $'typed\ntyped' ]] || fail "it has: $(tmux_does capture-pane -p -t :1)"
	eventually pgrep -x -f 'sleep 4321' >"$T/sleep" || fail "no sleep"
	inside=/proc/$(<"$T/sleep")
	[[ $(stat -L -c '%a %t' "$inside/fd/0" "$inside/root/dev/pts/0") == $'777 88\n777 88' ]] ||
		fail "the sandbox's terminal is not found: $(stat -L -c '%a %t' "$inside/fd/0" "$inside/root/dev/pts/0")"
	opens_none "$this" "$other" "/proc/$(tool_process)/fd/"[012] "$inside/fd/"[012] "$inside/root/dev/"{pts/0,pts/ptmx,tty}
	chmod o+rw "$other"
	as_another "<$other" || fail "what all may open cannot be opened either"
	keys C-c
	types exit
	shows 'out: $'
}
other_shows() { [[ $(tmux_does capture-pane -p -t :1 | grep -c "^$1\$") -eq 2 ]]; }
all_of() { stat -c '%n %a %u %g' "$@"; }

# Stopped and continued from outside, and started in the background: the terminal is the caller's as long as the tool is not in the
# foreground.
stop_continue_and_background() {
	enter
	local tool
	tool=$(tool_process)
	kill -TSTP "$tool"
	shows Stopped
	types 'state | cmp - $HOME/before && echo same-$((1 + 1))'
	shows '^same-2'
	types fg
	says inside
	kill -STOP "$tool"
	shows '2.*Stopped|Stopped.*nbs'
	types bg
	types 'state | cmp - $HOME/before && echo same-$((2 + 2))'
	shows '^same-4'
	types fg
	types exit
	shows 'out: $'
	types '$nbs $dir bash -c "read -r x; echo got-\$x" &'
	sleep 3
	types 'state | cmp - $HOME/before && echo same-$((3 + 3))'
	shows '^same-6'
	sleep 3
	relay_sleeps
	types fg
	sleep 1
	types word
	shows '^got-word'
}
# Nothing moves at the terminal, so the relay never wakes up.
relay_sleeps() { thread_sleeps 'terminal relay' 2; }

# thread_sleeps NAME SECONDS: or several, NAME|NAME. On a busy machine something may move late, once; a timer does again.
thread_sleeps() {
	local try before
	for try in once twice; do
		before=$(switches "$1")
		sleep "$2"
		[[ -z $before || $(switches "$1") != "$before" ]] || return 0
	done
	fail "$1 wakes up: $before, $(switches "$1")"
}
switches() {
	local thread
	for thread in "/proc/$(pgrep -f "^[^ ]*java .*nix-build-shell.jar nixbuildshell.cli.Main $dir")"/task/*; do
		if [[ $(<"$thread/comm") =~ ^($1)$ ]]; then grep voluntary "$thread/status"; fi
	done
}
test_stop_continue_and_background() { same_stty stop_continue_and_background; }

# Nor do the JVM's threads, which would every five seconds. The tool sees to it after three, and each ends the wait it is in.
test_idle_jvm_sleeps() {
	open_terminal
	enter
	sleep 9
	thread_sleeps 'VM Periodic Tas|C1 CompilerThre' 6
	says still-there
}

test_keys_of_a_program_in_the_pipeline() {
	open_terminal
	types '$nbs $dir sh -c "seq 3; sleep 5" | (old=$(stty -g </dev/tty); stty -icanon -echo </dev/tty; head -n 3; read -rn 3 k </dev/tty; stty $old </dev/tty; echo key=$k)'
	shows '^3$'
	relay_sleeps
	keys x y z
	shows '^key=xyz'
	shows 'out: $'
	# And a program inside gets them when stdin is a file.
	types 'seq 9 | $nbs $dir bash -c "stty -icanon -echo <&2; echo ready to read; read -rn 3 k <&2; echo key=\$k"'
	shows '^ready'
	keys a b c
	shows '^key=abc'
	says still-there
}

test_last_output_is_never_lost() {
	open_terminal
	types 'for i in 1 2 3 4 5; do $nbs $dir echo "last $i"; done; echo end-$((1 + 1))'
	shows '^end-2'
	[[ $(screen | grep -c '^last [1-5]$') -eq 5 ]] || fail "output is lost: $(screen)"
}

# The terminal goes away: SIGHUP, and nothing stays, also of what no shell tells: a job in the background of a script.
test_closed_terminal_ends_everything() {
	mark=7654321$RANDOM
	open_terminal
	enter
	types "sleep $mark"
	closed_terminal_ends 1
	start_terminal dir="$dir" nbs="$USER_HOME/nbs"
	types "bash -c 'set -m; \$nbs \$dir sleep $mark & \$nbs \$dir sh -c \"sleep $mark; :\" </dev/null >/dev/null & wait'"
	closed_terminal_ends 2
}
closed_terminal_ends() {
	eventually slept "$1" || fail "no sleep"
	tmux_does kill-server
	eventually gone || fail "still there: $(pgrep -af "sleep $mark")"
}
slept() { [[ $(pgrep -c -x -f "sleep $mark") -eq $1 ]]; }
gone() { ! pgrep -f "sleep $mark|nix-build-shell.jar nixbuildshell.cli.Main $dir" >/dev/null; }

# Full-screen programs of busybox: they read single keys, move the cursor, and put the screen back in order at their end.
test_full_screen_programs() {
	open_terminal
	enter
	types "busybox=$TOOLS_PATH/bin/busybox"
	types 'for i in {1..200}; do echo "line $i"; done >lines; clear; $busybox less lines; echo less=$?'
	shows '^line 49$'
	keys Space
	shows '^line 98$'
	keys -l /150
	keys Enter
	shows '^line 198$'
	keys g
	shows '^line 1$'
	keys q
	shows '^less=0$'
	types 'clear; $busybox vi lines; echo vi=$?'
	shows '^line 49$'
	keys j d d
	keys -l 'iinserted '
	keys Escape
	# Too soon after it, a key would make an escape sequence with it.
	shows '^- lines \[Modified\]'
	keys -l ':wq'
	keys Enter
	shows '^vi=0$'
	types 'clear; head -n 3 lines; stty -a | grep -o -- ".icanon"; echo $TERM $LINES $COLUMNS'
	shows '^line 1$'
	shows '^inserted line 3$'
	types exit
	shows 'out: $'
}

# The main path with the other versions of Nix: a shell, a job, Ctrl-C, and the way out. (There is no tmux.)
test_other_versions_of_nix() {
	local each
	mark=7654321$RANDOM
	for each in debian13 sid; do
		enter_world "$each"
		run nbs_on_terminal "$(kept plain)" < <(typed_keys)
		expect_status 3
		# bash takes bracketed pastes.
		sed -E 's/\r|\x1b\[\?2004[hl]//g' "$T/out" >"$T/shown"
		if ! grep -q '^/dev/pts/0$' "$T/shown" || ! grep -q '^status=130$' "$T/shown"; then
			fail "no shell with job control in $each"
		fi
	done
}
typed_keys() {
	printf '%s\n' tty "sleep $mark"
	eventually pgrep -x -f "sleep $mark" >/dev/null
	sleep 0.5
	printf '\003'
	printf '%s\n' 'echo status=$?' 'exit 3'
}

test_window_size_passes() {
	open_terminal
	enter
	types 'stty size'
	shows '^(49|50) 100$'
	types exit
}
