# shellcheck shell=bash
# Runs the functions test_* of tests/integration/*.sh. A file says for whom they are, by the variables
#   jdks=each|any          on the old and the new JDK (as root too, if it is for both, on the new one), or on one of them
#   users=each|user|root   as the ordinary user and as root, or as one of them
# Each test is a process of its own, in a session of its own (so without a terminal), under a time limit
# that only a hang reaches.
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

# By their home directory, or by what is mounted for them; somebody else may run these tests as well.
# (Of a zombie there is nothing to read. Where PID 1 is no init, orphans stay that.)
those_left() {
	# Its status says nothing: some process always ends while this reads.
	env -i grep -lsF -- "$T" /proc/[0-9]*/environ /proc/[0-9]*/mountinfo >"$T/left" || true
	[[ -s $T/left ]]
}

limit=600

# run_test FILE TEST WHO JDK
run_test() {
	local name status=0 started=${EPOCHREALTIME/[.,]/}
	export WHO=$3 JDK=$4 T
	name="$(basename "$1" .sh)/${2#test_} ($WHO, $(java_of "$JDK"))"
	if [[ $name != *"$FILTER"* ]]; then return; fi
	T=$(mktemp -d "$SCRATCH/test.XXXX")
	chmod 755 "$T"
	setsid --wait "${with_default_signals[@]}" timeout -k 5 "$limit" "$TOP/tests/lib/one" "$1" "$2" >"$T/log" 2>&1 </dev/null || status=$?
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

java_of() { sed -n 's/^JAVA_VERSION="\([0-9]*\).*/Java \1/p' "$1/release"; }

# background LOG COMMAND...: beside what comes next; `await` waits for all of them, and shows what they print.
# (That it ended well is said by a file: bash forgets a job's status when a later process gets its number.)
background() {
	local log=$1
	shift
	(
		"$@" >"$log" 2>&1
		: >"$log.ended"
	) &
	jobs_beside+=("$! $log")
}
jobs_beside=()

await() {
	local job log
	for job in "${jobs_beside[@]}"; do
		wait "${job%% *}" || true
		log=${job#* }
		cat "$log"
		[[ -e $log.ended ]] || record fail "$log"
	done
	jobs_beside=()
}

# A test is run by an ordinary user on the newer Java, and again as root or on the older one. Where a file has a list of
# tests, `root_tests` or `old_java_tests`, only those are repeated: for the others it does not matter.

# is_repeated FILE LIST TEST
is_repeated() (
	root_tests=() old_java_tests=()
	# shellcheck disable=SC1090
	source "$1"
	declare -n list=$2
	[[ ${#list[*]} -eq 0 || " ${list[*]} " == *" ${3#test_} "* ]]
)

# all_are_there FILE: the tests that its lists name.
all_are_there() (
	root_tests=() old_java_tests=()
	# shellcheck disable=SC1090
	source "$1"
	for test in "${root_tests[@]}" "${old_java_tests[@]}"; do declare -F "test_$test" >/dev/null || exit 1; done
)

# run_file FILE
run_file() {
	local file=$1 test who jdk jdks users tests whos=() homes=()
	# shellcheck disable=SC1090
	read -r jdks users < <(source "$file" && echo "${jdks:-any} ${users:-user}")
	mapfile -t tests < <(sed -n 's/^\(test_[a-zA-Z0-9_]*\)() .*/\1/p' "$file")
	all_are_there "$file" || record fail "$(basename "$file" .sh): a list names a test that is not there"
	[[ $users == root ]] || whos+=(user)
	if [[ $users != user ]]; then
		if [[ $EUID -eq 0 ]]; then whos+=(root); else record skip "$(basename "$file" .sh), as root: this is not root"; fi
	fi
	[[ -z $NEW_JDK ]] || homes=("$NEW_JDK")
	if [[ -n $OLD_JDK && ($jdks != any || -z $NEW_JDK) ]]; then homes+=("$OLD_JDK"); fi
	for who in "${whos[@]}"; do
		for jdk in "${homes[@]}"; do
			if [[ $users/$who/$jdk == "each/root/$OLD_JDK" && -n $NEW_JDK ]]; then continue; fi
			for test in "${tests[@]}"; do
				if [[ $who == root ]] && ! is_repeated "$file" root_tests "$test"; then continue; fi
				if [[ $jdk == "$OLD_JDK" && -n $NEW_JDK ]] && ! is_repeated "$file" old_java_tests "$test"; then continue; fi
				run_test "$file" "$test" "$who" "$jdk"
			done
		done
	done
}

# Two lanes, since a test mostly waits: files of the one beside files of the other. A lane has kept directories
# of its own (some tests look for tools by the directory that these have). ALONE: what another build or a busy
# machine would disturb, by the newest kept directory, a log's time, or a lock of a build user.
BESIDE=(
	bad-input filter flake hostile kernels manifest million network parity process skeleton store stores uid-range
	unsandboxed
)
ALONE=(hook-odd names root sources)
IN_FRONT=()
for file in "$TOP"/tests/integration/*.sh; do
	file=$(basename "$file" .sh)
	[[ " ${BESIDE[*]} ${ALONE[*]} " == *" $file "* ]] || IN_FRONT+=("$file")
done

run_files() {
	local name
	for name; do run_file "$TOP/tests/integration/$name.sh"; done
}

run_beside() {
	export LANE=beside-
	run_files "${BESIDE[@]}"
}
