# shellcheck shell=bash
# Which derivation left a directory, where its name does not tell: in 2.34 none does, in 2.26 and 2.8 several derivations
# have one name. Its own is found, or the message lists candidates, its own among them; never another one.

# builds LOG SALT SCRIPT [ARGUMENT...]: of matching.nix, which may fail.
builds() {
	as_user NIX_REMOTE=daemon nix-build --keep-failed --no-out-link "$SCRATCH/fixtures/matching.nix" \
		--argstr bash "$BASH_PATH" --argstr tools "$TOOLS_PATH" --argstr salt "$T $2" --argstr script "$3" "${@:4}" \
		>"$T/$1.log" 2>&1 </dev/null || true
}

# left LOG: the directories that it left are added to `left`, and go with the tests.
left() {
	mapfile -t left < <(kept_directories "$T/$1.log")
	[[ -n $world_name ]] || printf '%s\n' "${left[@]}" >>"$SCRATCH/kept-directories"
}

# tells DIRECTORY: sets `told` to right, open or (a copy that is no build's) nothing; another derivation is a failure.
tells() {
	local named who each
	who=$(<"$world_files$1/who")
	run nbs --explain "$1" true
	: >"$T/out"
	told=
	mapfile -t named < <(grep -oE '/nix/store/[0-9a-z]{32}-[^ ,;)]*\.drv' "$T/err" | sort -u)
	for each in "${named[@]}"; do
		if is_of "$each" "$who"; then told=open; fi
	done
	if [[ $status -eq 0 && $told == open ]]; then told=right; fi
	echo "$told: $1 ($who)"
	[[ $told == right ]] || times "$1" "$who" "${named[@]}"
	if [[ $told != right ]]; then
		[[ $status -ne 0 ]] || fail "$1 was left by $who, and is told to be another's"
		expect_status 125
		expect_err "$1"
	fi
}

is_of() { grep -qF "(\"who\",\"$2\")" "$world_files$1"; }

# times DIRECTORY WHO DERIVATION...: what the tool decides by: birth and end of the directory, of its own log and of those
# of the derivations that are named.
times() {
	local each
	cut -c1-1000 "$T/err"
	stat -c '%w  %z  %n' "$world_files${1%/build}" "$world_files$1"
	for each in "$world_files"/nix/store/*-many-1.0.drv; do
		each=${each#"$world_files"}
		if is_of "$each" "$2" || [[ " ${*:3} " == *" $each "* ]]; then
			echo "$(is_of "$each" "$2" && echo own: || echo another:) $(sed -n 's/.*("who","\([^"]*\)").*/\1/p' "$world_files$each")"
			each=${each##*/}
			stat -c '%w  %y  %n' "$world_files/nix/var/log/nix/drvs/${each::2}/${each:2}"*
		fi
	done
}

# expect_told DIRECTORY...: each is right or open, and most are right. Of many, as many are asked about as a minute allows.
expect_told() {
	local right=0 asked=0 until=$((SECONDS + 60)) dir
	for dir; do
		((SECONDS < until || asked < 8)) || break
		asked=$((asked + 1))
		tells "$dir"
		[[ -n $told ]] || fail "$dir was left by a build that is not among the candidates"
		if [[ $told == right ]]; then right=$((right + 1)); fi
	done
	((right * 2 >= asked)) || fail "of $asked directories, $right alone were told"
}

# 108 directories, of four clients: builds of any length and of equal length, every fourth of which succeeds. Some
# are asked about, by chance; PairingTest has all of such a bench.
test_a_hundred_directories() {
	enter_world sid
	local client left all=() each jobs=() asked
	# shellcheck disable=SC2016
	local end='if [ $((index % 4)) = 0 ]; then mkdir $out; exit 0; fi; exit 3'
	for client in 1 2; do
		builds "random-$client" "random $client" "sleep 0.\$((RANDOM % 10)); $end" --arg count 36 -j 4 --keep-going &
		jobs+=("$!")
		builds "equal-$client" "equal $client" "sleep 0.3; $end" --arg count 36 -j 4 --keep-going &
		jobs+=("$!")
	done
	wait "${jobs[@]}"
	for each in {random,equal}-{1,2}; do
		left "$each"
		all+=("${left[@]}")
	done
	[[ ${#all[@]} -ge 100 ]] || fail "there are ${#all[@]} directories, not a hundred"
	mapfile -t asked < <(printf '%s\n' "${all[@]}" | shuf | head -n 25)
	expect_told "${asked[@]}"
}

# as_another cp|mv DIRECTORY: in a place beside it, with another name that Nix could give; sets `other`.
as_another() {
	local from=${2%/build}
	# shellcheck disable=SC2086
	other=${from%-*}-$RANDOM$RANDOM
	$1 "$world_files$from" "$world_files$other"
	[[ -n $world_name ]] || printf '%s\n' "$other" >>"$SCRATCH/kept-directories"
	other+=${2#"$from"}
}

building='echo "@nix { \"action\": \"setPhase\", \"phase\": \"buildPhase\" }"'

# Ends of every kind, of builds beside each other, and their directories copied and moved.
ends_of_every_kind() {
	local log jobs=() left kept=() other size=600M
	[[ -n $world_name ]] || size=60M # Nix 2.8 hashes no more than 20 MB in a second.
	# The siblings of a failed build are killed, and a build that takes too long: two seconds earlier, since times alone
	# cannot tell builds that begin and end together.
	# shellcheck disable=SC2016
	builds sibling sibling "$building; "'if [ $index = 0 ]; then sleep 4; exit 3; fi; sleep 100' --arg count 2 -j 2 &
	jobs+=("$!")
	builds timeout timeout "$building; sleep 100" --arg count 2 -j 2 --keep-going --timeout 2 &
	jobs+=("$!")
	builds second second 'sleep 0.5; exit 3' --arg count 4 -j 4 --keep-going &
	jobs+=("$!")
	# Its hash is another one: that is found out long after the log's end, and beside all others.
	builds mismatch mismatch "truncate -s $size \$out" --arg extra \
		"{ outputHashMode = \"flat\"; outputHashAlgo = \"sha256\"; outputHash = \"$(printf '0%.0s' {1..64})\"; }" &
	jobs+=("$!")
	# Valid outputs, and directories nevertheless.
	# shellcheck disable=SC2016
	builds valid check 'read -r id </proc/sys/kernel/random/uuid; echo $id >$out' &
	jobs+=("$!")
	wait "${jobs[@]}"
	# shellcheck disable=SC2016
	builds check check 'read -r id </proc/sys/kernel/random/uuid; echo $id >$out' --check
	# The second build writes its log into the file of the first.
	builds first rebuild 'echo failing; exit 3'
	sleep 0.5
	builds again rebuild 'echo failing; exit 3'
	for log in sibling:2 timeout:2 second:4 mismatch:1 check:1 first:1 again:1; do
		left "${log%:*}"
		[[ ${#left[@]} -eq ${log#*:} ]] || fail "${#left[@]} directories: $(<"$T/${log%:*}.log")"
		kept+=("${left[@]}")
	done
	expect_told "${kept[@]}"
	# A copy that is made while another build runs looks as if that had left it.
	builds running running 'sleep 3; exit 3' &
	jobs=("$!")
	sleep 1
	as_another 'cp -a' "${kept[0]}"
	wait "${jobs[@]}"
	tells "$other"
	left running
	expect_told "${left[@]}"
	# A directory that is moved can end at any time, as that of a hash mismatch does: so one that was born alone.
	as_another mv "${left[0]}"
	expect_told "$other"
}

test_ends_of_every_kind() {
	enter_world sid
	ends_of_every_kind
}

test_ends_of_every_kind_where_all_have_one_name() {
	[[ $EUID -eq 0 ]] || skip "only root can copy and move directories of build users"
	ends_of_every_kind
}

test_ends_of_every_kind_with_nix_2_26() {
	enter_world debian13
	ends_of_every_kind
	says sibling 'many-1.0 was stopped in buildPhase'
	says timeout 'many-1.0 was stopped in buildPhase'
	says mismatch 'the outputs of many-1.0 were refused'
}

# says LOG SENTENCE: on a terminal, of the last directory that LOG left.
says() {
	echo exit >"$T/in"
	run nbs_on_terminal "$(kept_directory "$T/$1.log")" <"$T/in"
	grep -qF "$2" "$T/out" || fail "no line says: $2: $(<"$T/out")"
}
