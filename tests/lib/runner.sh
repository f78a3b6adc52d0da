# shellcheck shell=bash
# Runs the functions test_* of tests/integration/*.sh, as tests/table says. Each test is a process of its own, in a session
# of its own (so without a terminal), under a time limit that only a hang reaches.
# Status 77 is a skip, which CI counts as a failure.

# record pass|fail|skip NAME, with the seconds since `started`
record() {
	printf '%s %s\n' "$1" "$2" >>"$SCRATCH/results"
	local tenths=$(((${EPOCHREALTIME/[.,]/} - ${started:-${EPOCHREALTIME/[.,]/}}) / 100000))
	printf '%s %4d.%d s  %s\n' "$1" $((tenths / 10)) $((tenths % 10)) "$2"
}

count() { grep -c "^$1 " "$SCRATCH/results" || true; }

# The last line, and the status: nothing failed, and something ran.
summary() {
	touch "$SCRATCH/results"
	local passed failed skipped
	passed=$(count pass) failed=$(count fail) skipped=$(count skip)
	grep '^fail ' "$SCRATCH/results" || true
	# Again, as whoever reads the end of a long log needs them.
	cat "$SCRATCH"/failed.* 2>/dev/null || true
	if [[ -n ${CI:-} ]]; then
		grep '^skip ' "$SCRATCH/results" || true
	fi
	sort -u "$SCRATCH/notes" 2>/dev/null || true
	printf '%s passed, %s failed%s\n' "$passed" "$failed" "${skipped/#0/}" |
		sed -E 's/failed([0-9]+)$/failed, \1 skipped/'
	[[ $failed -eq 0 && $passed -gt 0 && (-z ${CI:-} || $skipped -eq 0) ]]
}

# step NAME COMMAND...: one thing that passes or fails as a whole.
step() {
	local name=$1 status=0 started=${EPOCHREALTIME/[.,]/}
	shift
	say "$name"
	("$@") || status=$?
	case $status in
	0) record pass "$name" ;;
	77) record skip "$name" ;;
	*) record fail "$name" ;;
	esac
}

# What a test left behind is the test's failure; it must not disturb the next one.
leftovers() {
	local group=
	[[ ! -e $T/group ]] || group=$(<"$T/group")
	if [[ -n $group ]] && pkill -KILL -g "$group"; then :; fi
	local process
	# A sandbox of another test has for a moment the mounts of this one, until it is in its own root.
	those_left || return 1
	sleep 0.5
	those_left || return 1
	while IFS=/ read -r _ _ process _; do
		ps -o pid=,args= "$process" || true
		kill -KILL "$process" 2>/dev/null || true
	done <"$T/left"
}

# By their home directory, or by what is mounted for them; another user may run these tests as well.
# (Of a zombie there is nothing to read. Where PID 1 is no init, orphans stay that.)
those_left() {
	# Its status says nothing: some process always ends while this reads.
	env -i grep -lsF -- "$T" /proc/[0-9]*/environ /proc/[0-9]*/mountinfo >"$T/left" || true
	[[ -s $T/left ]]
}

limit=600

# run_test FILE TEST WHO JDK NAME
run_test() {
	local name=$5 status=0 started=${EPOCHREALTIME/[.,]/}
	export WHO=$3 JDK=$4 T
	T=$(mktemp -d "$SCRATCH/test.XXXX")
	chmod 755 "$T"
	setsid --wait "${with_default_signals[@]}" timeout -k 5 "$limit" \
		"$TOP/tests/lib/one" "$TOP/tests/integration/$1.sh" "test_$2" >"$T/log" 2>&1 </dev/null || status=$?
	if leftovers >>"$T/log"; then
		echo "FAILED: the processes above were left behind" >>"$T/log"
		status=1
	fi
	case $status in
	0) record pass "$name" ;;
	77)
		record skip "$name"
		shown_log
		;;
	*)
		record fail "$name"
		[[ $status -ne 124 ]] || echo "FAILED: not done after $limit s" >>"$T/log"
		{
			echo "== $name"
			shown_log
		} >"$SCRATCH/failed.${T##*.}"
		cat "$SCRATCH/failed.${T##*.}"
		;;
	esac
	rm -rf "$T" 2>/dev/null || { chmod -R u+rwX "$T" && rm -rf "$T"; }
}

shown_log() { tail -c 6000 "$T/log" | cut -c1-400 | sed 's/^/      /'; }

# background COMMAND...: beside what comes next; `await` waits for all of them.
# (That it has ended is said by a file: bash forgets a job's status when a later process gets its number.)
background() {
	local ended
	ended=$(mktemp "$SCRATCH/job.XXXX")
	(
		"$@"
		rm "$ended"
	) &
	jobs_beside+=("$! $ended $*")
}
jobs_beside=()

await() {
	local job pid ended name
	for job in "${jobs_beside[@]}"; do
		read -r pid ended name <<<"$job"
		wait "$pid" || true
		[[ ! -e $ended ]] || record fail "$name: it did not come to its end"
	done
	jobs_beside=()
}

# run_lane LANE: of what $SCRATCH/runs has. What runs beside has kept directories of its own (some tests look for tools by
# the directory that these have).
run_lane() {
	local file test who jdk name
	if [[ $1 == beside ]]; then export LANE=beside-; fi
	while read -r _ file test who jdk name; do
		if [[ $who == root && $EUID -ne 0 ]]; then
			record skip "$name: this is not root"
		else
			run_test "$file" "$test" "$who" "$jdk" "$name"
		fi
	done < <(grep "^$1 " "$SCRATCH/runs")
}
