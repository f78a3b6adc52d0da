# shellcheck shell=bash
# `attach`: builds that wait at their failure, and what becomes of those that were entered.
# shellcheck source=tests/lib/hook.sh
source "$TOP/tests/lib/hook.sh"

# pause NAME [ARGUMENT...]: starts the build of this kind and waits until it waits; sets `id`. Its log is $T/NAME/log.
kind=paused
pause() {
	local T=$T/$1
	shift
	mkdir -p "$T"
	{ hooked "$kind" --argstr salt "$T" "$@" && echo "$status" >"$T/status"; } &
	eventually grep -qs ' attach ' "$T/log" || fail "it does not wait: $(<"$T/log")"
	id=$(sed -n 's/^    sudo .* attach //p' "$T/log" | head -n 1)
}

# expect_end NAME HOW: the build has failed so, and no output of it is valid.
expect_end() {
	local log=$T/$1/log
	eventually test -s "$T/$1/status" || fail "$1 goes on: $(<"$log")"
	[[ $(<"$T/$1/status") != 0 ]] || fail "$1 has succeeded"
	grep -q "failed $2" "$log" || fail "$1 has not ended so: $(<"$log")"
}

# Does in the build what would make it succeed, or go on.
mischief() {
	cat <<-'END'
		PATH=$tools/bin
		echo "user $(id -u):$(id -G) groups $(sed -n 's/^Groups:[[:space:]]*//p' /proc/self/status)."
		of() {
			grep -E '^(Uid|Gid|Cap|NoNewPrivs|Seccomp:|Umask)' /proc/$1/status
			cat /proc/$1/limits /proc/$1/personality
			md5sum </proc/$1/environ
			for it in /proc/$1/ns/*; do readlink $it; done
		}
		[ "$(of 1)" = "$(of $$)" ] && echo as the builder || { of 1; of $$; }
		echo "here ${PWD##*/} flags ${#flags[@]}"
		for it in /proc/1/fd/2 /proc/self/fd/*; do readlink $it; done | grep -v '^pipe:\|^/dev/pts\|^/dev/null\|^/proc' && echo a descriptor
		rm -rf /build/.nix-build-shell
		mkdir $out
		echo "out is $out"
		echo poison >$out/poison
		for it in /proc/[0-9]*; do
			it=${it#/proc/}
			[ $it = 1 ] || [ $it = $$ ] || kill -9 $it
		done
		while read -r range rights _; do
			case $rights in
			rw*) printf %4096s . | dd of=/proc/1/mem bs=4096 seek=$((0x${range%%-*} / 4096)) conv=notrunc ;;
			esac
		done </proc/1/maps 2>/dev/null
		kill -CONT 1
		kill -9 1
		kill -INT 1
		sleep 0.1
		grep -E '^(State|TracerPid)' /proc/1/status
		exit 7
	END
}

attach_and_harm() {
	needs_root
	pause one
	mischief | sed "s|\$tools|$TOOLS_PATH|" >"$T/mischief"
	chmod a+r "$T/mischief"
	run nbs attach "$id" <"$T/mischief"
	expect_status 7
	grep -q '^user 1000:100 groups \.$' "$T/out" || fail "another user: $(<"$T/out")"
	grep -qx 'as the builder' "$T/out" || fail "another process than the builder: $(<"$T/out")"
	grep -q '^State:.t (tracing stop)$' "$T/out" || fail "it goes on: $(<"$T/out")"
	grep -qx 'here tree flags 2' "$T/out" || fail "not at the failure: $(<"$T/out")"
	! grep -q 'a descriptor' "$T/out" || fail "a descriptor of the host's: $(<"$T/out")"
	expect_err "--release $id"
	mv "$T/out" "$T/out.harm"
	run nbs attach --release "$id"
	expect_status 0
	expect_end one 'due to signal 9'
	output=$(sed -n 's/^out is //p' "$T/out.harm")
	[[ $output == /nix/store/* ]] || fail "the session did not say which output it made: $output"
	! as_user nix-store --query --hash "$output" 2>"$T/invalid" || fail "its output is valid"
	grep -q 'is not valid' "$T/invalid" || fail "Nix says something else: $(<"$T/invalid")"
}

needs_root() { [[ $WHO == root ]] || skip "only root can enter what Nix's daemon builds"; }

test_a_build_that_was_entered_fails() { attach_and_harm; }

test_so_with_nix_2_26() {
	enter_world debian13
	attach_and_harm
}

test_so_with_nix_2_34() {
	enter_world sid
	attach_and_harm
}

# inside NAME ID: a session in the background, whose shell reads what is written to descriptor 9; `tool` is its process.
inside() {
	mkfifo "$T/$1.in"
	nbs_exec attach "$2" <"$T/$1.in" >"$T/$1.out" 2>"$T/$1.err" &
	tool=$!
	exec 9>"$T/$1.in"
	echo "echo ready" >&9
	eventually grep -qx ready "$T/$1.out" || fail "no shell: $(<"$T/$1.err")"
}

# time_out NAME: a build that waits, which Nix ends.
time_out() {
	local T=$T/$1
	mkdir "$T"
	hooked paused --argstr salt "$T" --argstr name "$1" --option timeout 15
}

# pid_of NAME: the first process of a build, as $T/running lists it.
pid_of() { field "$T/running" "[r['pid'] for r in m['running'] if r['name'] == '$1' and r['paused']][0]"; }

# switches PID...: how often the processes of builds, and the guards of those that were entered, have run.
switches() {
	local first pid
	for first; do
		for pid in $(pgrep --ns "$first" --nslist pid) $(sed -n 's/^TracerPid:[[:space:]]*//p' "/proc/$first/status"); do
			[[ $pid == 0 ]] || grep -H ctxt_switches "/proc/$pid/status"
		done
	done
}

# rest PID...: none of these runs for two seconds.
rest() {
	switches "$@" >"$T/switches"
	sleep 2
	switches "$@" | cmp -s "$T/switches"
}

has_ended() { ! kill -0 "$1" 2>/dev/null; }

test_three_builds_and_two_sessions() {
	needs_root
	pause one
	first=$id
	pause two --argstr name two
	second=$id
	pause three --argstr name three --argstr pause 9 --argstr interval 1 --option max-silent-time 7
	time_out four &
	run nbs list --running --json
	mv "$T/out" "$T/running"
	waiting=("$(pid_of two-0.1)" "$(pid_of paused-0.1)" "$(pid_of three-0.1)")
	run nbs attach
	expect_status 2
	expect_err "$first is " "$second is " "$id is " 'several builds are meant'
	run nbs attach paused-0.1-xxxxxx
	expect_status 2
	expect_err 'no such build is running'
	# Without root, what to run is said, to the word.
	WHO=user run nbs attach --release "$first"
	expect_err "sudo \$(command -v nix-build-shell) attach --release $first"

	# The first tool is killed: its shell is gone, the build is not, and a second session is in it.
	inside killed "$first"
	# A process that it leaves there has its output, and keeps the tool no longer than the shell.
	run nbs attach "$first" <<<"$TOOLS_PATH/bin/sleep 599 & echo second; exit 3"
	expect_status 3
	kill -KILL "$tool"
	exec 9>&-
	# Neither a hook that waits nor a guard runs meanwhile.
	eventually rest "${waiting[@]:0:2}" || fail "the wait takes the processor: $(<"$T/switches")"
	[[ $(wc -l <"$T/switches") -ge 8 ]] || fail "who waits? $(<"$T/switches")"
	run nbs attach "$first" <<<'for it in /proc/[0-9]*; do read -r it <$it/comm; echo $it; done; release'
	expect_status 0
	expect_end one 'due to signal 9'
	dir=$(kept_directory "$T/one/log")
	manifest=$dir/.nix-build-shell/manifest.json
	valid "$manifest"
	expect_field "[m['paused'], m['entered']]" '[true, true]'
	run nbs "$dir" sh -c 'echo entered'
	expect_status 0
	expect_out entered

	# Cancelled while a shell is open in it.
	inside cancelled "$second"
	pkill -INT -f "^nix-build .*$T/two/nix/hook"
	eventually has_ended "$tool" || fail "the session goes on"
	exec 9>&-
	grep -q 'the build has ended' "$T/cancelled.err" || fail "nothing is said: $(<"$T/cancelled.err")"

	# No shell was opened, and lines kept it from being taken for silent.
	expect_end three 'with exit code 1'
	[[ $(grep -c '^nix-build-shell: the build waits until' "$T/three/log") -gt 1 ]] || fail "no lines"
	manifest=$(kept_directory "$T/three/log")/.nix-build-shell/manifest.json
	expect_field "[m['paused'], 'entered' in m]" '[true, false]'
	eventually grep -q 'timed out after 15 seconds' "$T/four/log" || fail "Nix's timeout does not end it: $(<"$T/four/log")"
}

# bash_of_the_store: in $edits, a bash with line editing that needs another store path, $libraries.
bash_of_the_store() {
	local own=$T/libraries
	mkdir "$own"
	libraries_of /bin/bash | xargs cp -Lt "$own"
	cp -L "$(patchelf --print-interpreter /bin/bash)" "$own/ld.so"
	chmod 755 "$own"/*
	libraries=$(store_add "$own")
	patchelf --set-interpreter "$libraries/ld.so" --set-rpath "$libraries" --output "$T/bash" /bin/bash
	chmod 755 "$T/bash"
	edits=$(as_user NIX_REMOTE=daemon nix-build --no-out-link "$SCRATCH/fixtures/dynamic-bash.nix" --argstr bash "$BASH_PATH" \
		--argstr tools "$TOOLS_PATH" --argstr libraries "$libraries" --arg program "$T/bash" 2>"$T/log-bash")/bin/bash
}

test_other_kinds_of_builds() {
	needs_root
	bash_of_the_store
	kind=pausedFixed pause fixed
	{
		readlink /proc/self/fd/1
		nbs attach "$id" <<<"for it in fd/1 ns/net; do $TOOLS_PATH/bin/readlink /proc/self/\$it; done; exit 3"
	} 2>"$T/err" | cat >"$T/out" || true
	mapfile -t lines <"$T/out"
	[[ ${lines[1]} == pipe:* && ${lines[1]} != "${lines[0]}" ]] || fail "the build has the caller's pipe: ${lines[*]}"
	[[ ${lines[2]} == "$(readlink /proc/self/ns/net)" ]] || fail "another network than the host's: ${lines[*]}"
	run nbs attach --release "$id"
	expect_end fixed 'due to signal 9'
	kind=pausedStructured pause structured
	tool_env=(NIX_BUILD_SHELL_BASH="$edits")
	run nbs attach "$id" <<-END
		echo "\${#list[@]} \${list[0]} \${outputs[out]}"
		echo "\$($TOOLS_PATH/bin/readlink /proc/\$\$/exe) seen: \$(echo /proc/1/root$libraries/*)"
		release
	END
	expect_status 0
	grep -q '^2 a b /nix/store/.*-paused-structured-0.1$' "$T/out" || fail "other attributes: $(<"$T/out")"
	grep -qxF "$edits seen: /proc/1/root$libraries/*" "$T/out" || fail "another bash, or the build sees it: $(<"$T/out")"
	expect_end structured 'due to signal 9'
}

# The caller's own Nix, in the caller's own store: the builder is the caller.
of_the_caller() { as_user NIX_CONFIG='build-users-group =' "$1" --store "$T/own/root" "${@:2}"; }

test_without_root() {
	local path
	user_dir "$T/own"
	cp -RL "$TOP/tests/fixtures/"{hook,stdenv} "$TOP/hooks" "$T/own/"
	cp -R "$BASH_PATH" "$T/own/bash-5.2"
	cp -R "$TOOLS_PATH" "$T/own/tools-1.0"
	chmod -R u+w,a+rX "$T/own"
	BASH_PATH=$(of_the_caller nix-store --add "$T/own/bash-5.2")
	sed -i "1s|.*|#!$BASH_PATH/bin/bash|" "$T/own/tools-1.0/bin/install"
	TOOLS_PATH=$(of_the_caller nix-store --add "$T/own/tools-1.0")
	of_the_caller nix-build --no-out-link "$T/own/hook" -A paused --argstr bash "$BASH_PATH" --argstr tools "$TOOLS_PATH" \
		--arg hook "$T/own/hooks" --argstr salt "$T" >"$T/log" 2>&1 </dev/null &
	eventually grep -qs ' attach ' "$T/log" || fail "it does not wait: $(<"$T/log")"
	id=$(sed -n 's/^    sudo .* attach //p' "$T/log" | head -n 1)
	# In another store, where no other test builds.
	user_dir "$T/none"
	mkdir -p "$T/none/nix/store"
	run nbs --store "$T/none" attach "$id"
	expect_status 125
	expect_err --store
	run nbs --store "$T/own/root" attach "$id" <<<'echo "$PWD"; exit 3'
	expect_status 3
	expect_out "/build/paused-0.1/tree"
	start_terminal NIX_BUILD_SHELL_JAVA_HOME="$JDK"
	types "$TOOL --store $T/own/root attach $id"
	shows 'paused-0.1 buildPhase:.../paused-0.1/tree\$ *$'
	types 'retry; echo "again=$?"'
	shows '^again=1$'
	types 'cd ..; rm -r tree; buildPhase="mkdir tree"; retry && echo passes-$((1 + 1))'
	shows '^passes-2$'
	types 'phases'
	shows '^buildPhase *done$'
	types 'rm -r tree; resume; echo "rest=$?"'
	shows '^rest=0$'
	types 'release'
	eventually grep -q 'failed due to signal 9' "$T/log" || fail "it goes on: $(<"$T/log")"
}

# hang NAME WORD: a build of tests/fixtures/attach.nix in the background, which comes to say the word.
hang() {
	local kind=$1
	[[ $kind != @(range|swapping) ]] || kind=uidRange
	# shellcheck disable=SC2094
	asking_for "$kind" nix-build --no-out-link "$SCRATCH/fixtures/attach.nix" -A "$1" --argstr bash "$BASH_PATH" \
		--argstr tools "$TOOLS_PATH" --argstr salt "$T" --argstr attacker "${attacker-}" >"$T/log-$1" 2>&1 </dev/null &
	eventually grep -qx "$2" "$T/log-$1" || fail "it does not run: $(<"$T/log-$1")"
}

test_builds_that_do_not_wait() {
	needs_root
	hang nested made
	hang hanging begun
	run nbs attach
	expect_status 2
	expect_err 'no build waits at its failure' 'is /nix/store/'
	# What a build says of itself makes it no other build.
	hang forger forged
	run nbs attach victim-1.0-forged
	expect_status 2
	expect_err 'no such build is running' '-forger-1.0.drv'
	run nbs attach forger-1.0 <<<'y'
	expect_status 125
	expect_err 'is not paused' 'Try: --yes'
	run nbs attach --release forger-1.0
	expect_status 0
	# Where the build is root in namespaces of its own, it could have put anything anywhere. It is left alone.
	run nbs attach --yes nested-1.0
	expect_status 125
	expect_err 'its first process has left the sandbox that Nix has made'
	start_terminal NIX_BUILD_SHELL_JAVA_HOME="$JDK"
	types "$TOOL attach --pid $(pgrep -nf '^sleep 601$')"
	shows 'is not paused.* Enter\? \[y/N\]'
	types n
	shows '^out: *$'
	types "$TOOL attach hanging-1.0"
	shows 'Enter\? \[y/N\] *$'
	types y
	shows 'It stands still from now on'
	types 'echo "inside $PWD $(</proc/1/comm)"; exit 5'
	shows '^inside /build bash$'
	shows 'the build ends as failed now'
	types 'echo status=$?'
	shows '^status=5$'
	eventually grep -q 'failed due to signal 9' "$T/log-hanging" || fail "it goes on"
	run nbs attach --release nested-1.0
	expect_status 0
	eventually grep -q 'failed due to signal 9' "$T/log-nested" || fail "it was not left alone, or goes on"
}

# attached_slowly ARGUMENT...: by a process that stands still for a while before it gives up root's ids, and once more after.
attached_slowly() {
	world=(strace -f -qq -o "$T/strace" --seccomp-bpf -e "trace=setresgid,umask"
		-e "inject=setresgid,umask:delay_enter=1500000" -- "${world[@]}")
	nbs attach "$@"
}

test_an_attacker_waits() {
	needs_root
	enter_world sid
	hang range watching
	run nbs list --running
	grep -q ' range-1.0 ' "$T/out" || fail "another build's name: $(<"$T/out")"
	! grep victim "$T/out" || fail "a build that is not there"
	echo secret >"$T/secret"
	run attached_slowly --yes range-1.0 3<"$T/secret" <<<'echo "user $UID."; [ -e /proc/self/fd/3 ] || echo no descriptor; exit 4'
	expect_status 4
	expect_out $'user 0.\nno descriptor'
	eventually grep -q 'failed due to signal 9' "$T/log-range" || fail "it goes on: $(<"$T/log-range")"
	# First the host's root, which is no user in there, and then root of the range.
	[[ $(sed -n 's/^looks at //p' "$T/log-range" | uniq) == $'65534\n0' ]] || fail "it has not looked: $(<"$T/log-range")"
	! grep seen "$T/log-range" || fail "it has seen that"
}

# attached_bare ARGUMENT...: on a host that has no bash for it, so that the build's own is executed.
attached_bare() (
	# shellcheck disable=SC2016
	world+=(unshare --mount sh -c '[ ! -e /bin/bash-static ] || mount --bind /bin/bash /bin/bash-static; exec "$@"' sh)
	nbs attach "$@"
)

# What `attach` executes is the attacker's, and in whatever root the attacker has put there.
test_an_attacker_swaps_shell_and_root() {
	needs_root
	enter_world sid
	compile "$T/attacker" "$TOP/tests/fixtures/attacker.c"
	attacker=$(store_add "$T/attacker")
	hang swapping attacking
	echo secret >"$T/secret"
	local tries=0 met=
	while [[ -z $met ]] && ((tries++ < 20)); do
		run attached_bare swapping-1.0-forged 3<"$T/secret" <<<'exit 4'
		# Where there was nothing at that moment, nothing was executed.
		if [[ $status -eq 125 ]]; then
			expect_err 'the build stands still'
			continue
		fi
		expect_status 9
		expect_out 'users 0 0 0 groups 0 0 0 and 0; descriptors 0p 1p 2p'
		met=1
	done
	[[ -n $met ]] || fail "it was never executed: $(<"$T/err")"
	run nbs attach --release swapping-1.0
	expect_status 0
	eventually grep -q 'failed due to signal 9' "$T/log-swapping" || fail "it goes on: $(<"$T/log-swapping")"
}

test_an_attacker_stops_and_traces() {
	needs_root
	compile "$T/attacker" "$TOP/tests/fixtures/attacker.c"
	attacker=$(store_add "$T/attacker")
	hang stopping attacking
	run nbs attach --yes stopping-1.0 <<<'while :; do :; done'
	# Where the attacker is faster than the session's first steps, there was no shell whose end could be told.
	if [[ $status -eq 125 ]]; then expect_err 'the process was killed before this returned'; else expect_status 137; fi
	expect_err 'the build stops the session again and again'
	eventually grep -q 'failed due to signal 9' "$T/log-stopping" || fail "it goes on: $(<"$T/log-stopping")"
	hang tracing attacking
	run nbs attach --yes tracing-1.0 <<<'echo "$PWD"; exit 3'
	expect_out /build
	expect_err 'the build traces the session' 'the build has ended'
	eventually grep -q 'failed due to signal 9' "$T/log-tracing" || fail "it goes on: $(<"$T/log-tracing")"
}
