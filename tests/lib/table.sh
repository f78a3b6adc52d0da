# shellcheck shell=bash
# What tests/table says.

# The tests that are there: FILE TEST.
all_tests() {
	local file
	for file in "$TOP"/tests/integration/*.sh; do
		sed -n "s/^test_\([a-zA-Z0-9_]*\)() .*/$(basename "$file" .sh) \1/p" "$file"
	done
}

# read_table: a line for each word of each test, LANE FILE TEST WORD, in the table's order.
read_table() {
	awk '
		function wrong(what) { print "tests/table: " what | "cat >&2"; failed = 1 }
		function remember(name, first,   i) {
			for (i = first; i <= NF; i++) {
				if ($i !~ /^((user|root)(-17)?|quick|[+].+)$/) wrong($i " is no word of it")
				words[name] = words[name] " " $i
			}
			if (words[name] == "") wrong(name " without words")
		}
		FNR == NR { tests[$1] = tests[$1] " " $2; is_there[$1] = is_there[$1 "/" $2] = 1; next }
		/^(#|$)/ { next }
		/^\[.*\]$/ { lane = substr($0, 2, length($0) - 2); next }
		/^[^ ]/ { file = $1; files[++count] = file; lanes[file] = lane; name = file }
		/^ / { name = file "/" $1 }
		!is_there[name] { wrong(name " is not there") }
		{ remember(name, 2) }
		END {
			for (file in tests) if (!(file in lanes)) wrong(file " is missing")
			for (i = 1; i <= count; i++) {
				file = files[i]
				n = split(tests[file], names, " ")
				for (j = 1; j <= n; j++) {
					own = words[file "/" names[j]]
					m = split(own == "" ? words[file] : own, each, " ")
					for (k = 1; k <= m; k++) if (each[k] !~ /^[+]/) print lanes[file], file, names[j], each[k]
				}
			}
			exit failed
		}' <(all_tests) "$TOP/tests/table"
}

# needs FILE...: the packages that their tests need.
needs() {
	local file
	for file; do
		sed -n "s/^$file .*/&/p" "$TOP/tests/table" | tr ' ' '\n' | sed -n 's/^+//p'
	done | sort -u
}

# selected_runs FILTER: what is to be run, LANE FILE TEST WHO JDK NAME a line: all, those of `quick`, or those whose name
# contains FILTER.
selected_runs() {
	local lane file test word who jdk name table new=$NEW_JDK java_new java_old
	table=$(read_table) || die "tests/table is wrong"
	# Where there is one JDK alone, it runs what the newer one would.
	[[ -n $new ]] || new=$OLD_JDK
	java_new=$(java_of "$new")
	[[ -z $OLD_JDK ]] || java_old=$(java_of "$OLD_JDK")
	while read -r lane file test word; do
		who=${word%-17} jdk=$new name="($who, $java_new)"
		case $1/$word in
		quick/quick) who=user name="(user, $java_new)" ;;
		quick/* | */quick) continue ;;
		*-17)
			if [[ -z $OLD_JDK || -z $NEW_JDK ]]; then continue; fi
			jdk=$OLD_JDK name="($who, $java_old)"
			;;
		esac
		name="$file/$test $name"
		if [[ $1 == quick || $name == *"$1"* ]]; then printf '%s\n' "$lane $file $test $who $jdk $name"; fi
	done <<<"$table"
}

java_of() { sed -n 's/^JAVA_VERSION="\([0-9]*\).*/Java \1/p' "$1/release"; }
