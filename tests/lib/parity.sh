# shellcheck shell=bash
# What a real build can observe, what it can observe through the tool, and the difference (tests/parity).

# The probe's store path.
probe_path() {
	local memo=$SCRATCH/probe abis
	if [[ ! -e $memo ]]; then
		mkdir -p "$memo.new/probe-1.0/bin"
		read -ra abis < <(tried_abis)
		compile "$memo.new/probe-1.0/bin/probe" -DABIS="${#abis[@]}" "$TOP"/tests/parity/*.c
		cp "$TOP/tests/parity/build.nix" "$memo.new/"
		chmod -R u=rwX,go=rX "$memo.new"
		mv "$memo.new" "$memo"
	fi
	store_add "$memo/probe-1.0"
}

nix_version() { as_user nix-store --version | sed -n 's/.* \([0-9]*\.[0-9]*\).*/\1/p'; }

# real_build NAME [EXTRA]: the kept directory of a real build of the probe, whose derivation has these
# attributes (a Nix expression) more. Made once for each name.
real_build() {
	local memo=$SCRATCH/$world_name"probe-$1" probe
	if [[ ! -e $memo ]]; then
		probe=$(probe_path)
		USER_HOME='' asking_for "$1" nix-build --keep-failed --no-out-link "$SCRATCH/probe/build.nix" \
			--argstr bash "$BASH_PATH" --argstr probe "$probe" --argstr salt "$memo" --arg extra "${2:-{ \}}" \
			>"$memo.log" 2>&1 </dev/null || true
		grep -q "failed .*exit code 3" "$memo.log" || die "the probe did not end well in a build: $(tail -n 5 "$memo.log")"
		kept_directory "$memo.log" >"$memo.new"
		[[ -n $world_name ]] || cat "$memo.new" >>"$SCRATCH/kept-directories"
		mv "$memo.new" "$memo"
	fi
	cat "$memo"
}

host_namespaces() {
	"${world[@]}" sh -c 'for each in /proc/self/ns/*; do echo "${each##*/} $(readlink "$each")"; done'
}

# What is random or a number of this moment, made comparable: numbers of pseudoterminals, pipes and keys, uses
# of routes, the ids that a tmpfs belongs to; namespaces are the host's or others. The kernel lists all keys of a user to that
# user, so those that a test in the other lane makes are left out. Root takes another build user where a real build has that of
# the kept directory.
comparable() {
	local kind name build_users expressions
	build_users=$("${world[@]}" getent passwd | sed -n 's/^nixbld[^:]*:[^:]*:\([0-9]*\):.*/\1/p' | paste -sd'|')
	expressions=(
		-e 's|/dev/pts/[0-9]+|/dev/pts/N|'
		-e 's|(pipe:).*]|\1[N]|'
		-e '/^keys: .* nix-build-shell-test: /d'
		-e 's|^keys: [0-9a-f]+ |keys: N |'
		-e "s/^(uid_map: +1000 +)($build_users)( +1)\$/\1BUILD-USER\3/"
		-e 's|^(ipv6_route: ([^ ]+ +){6})[^ ]+ +[^ ]+ |\1|'
		-e 's|^(mount /dev/shm: .*,uid=)[0-9]+,gid=[0-9]+|\1UID,gid=GID|'
		-e '/^nix-build-shell: /d'
	)
	while read -r kind name; do
		expressions+=(-e "s|^namespace $kind: ${name/[/\\[}\$|namespace $kind: the host's|")
	done < <(host_namespaces)
	sed -E "${expressions[@]}" -e 's|^(namespace .*:) .*[0-9]]$|\1 its own|' | LC_ALL=C sort
}

# report_of_nix DIRECTORY: what the real build wrote there. report_of_tool DIRECTORY: what it is through the
# tool, whose descriptors are of the kinds that Nix's builder has: /dev/null, and a terminal for stdout and stderr.
report_of_nix() { "${world[@]}" cat "$1/report" | comparable; }

report_of_tool() {
	local command
	printf -v command '%q ' "$TOOL" "$1" "$(probe_path)/bin/probe" -
	(TOOL=script nbs_exec -qec "$command <>/dev/null" /dev/null) </dev/null | tr -d '\r' | comparable
	[[ ${PIPESTATUS[0]} -eq 3 ]]
}

# difference NIX TOOL: the facts that only the one (-) or only the other (+) has.
difference() {
	LC_ALL=C comm -23 "$1" "$2" | sed 's/^/-/'
	LC_ALL=C comm -13 "$1" "$2" | sed 's/^/+/'
}

# rules LIST WORD...: those whose conditions hold, with these words.
rules() {
	local line condition
	while IFS= read -r line; do
		if [[ -z $line || $line == '#'* ]]; then continue; fi
		for condition in ${line%%|*}; do
			if [[ $condition == '!'* ]]; then
				[[ " ${*:2} " != *" ${condition#!} "* ]] || continue 2
			else
				[[ " ${*:2} " == *" $condition "* ]] || continue 2
			fi
		done
		printf '%s\n' "${line#*|}"
	done <"$1"
}

# judge LIST NIX TOOL WORD...: whether the list has every difference of these reports, and nothing else that
# applies to a run of this kind. Says what is wrong.
judge() {
	local rule wrong=0
	rules "$1" "${@:4}" >"$T/rules"
	cp "$2" "$T/expected-facts"
	: >"$T/expected-lines"
	while IFS= read -r rule; do
		[[ $rule == s,* ]] || continue
		sed -E -e "$rule" "$T/expected-facts" | LC_ALL=C sort >"$T/expected-facts.new"
		! cmp -s "$T/expected-facts" "$T/expected-facts.new" || stale "$rule"
		mv "$T/expected-facts.new" "$T/expected-facts"
	done <"$T/rules"
	difference "$T/expected-facts" "$3" >"$T/difference"
	while IFS= read -r rule; do
		[[ $rule != s,* ]] || continue
		grep -xE -e "$rule" "$T/difference" >>"$T/expected-lines" || stale "$rule"
	done <"$T/rules"
	if grep -vxFf "$T/expected-lines" "$T/difference" >"$T/unexpected-lines"; then
		printf 'a difference that is not expected (%s):\n' "${*:4}"
		sort -k1.2 "$T/unexpected-lines"
		wrong=1
	fi
	return "$wrong"
}

stale() {
	printf 'no longer a difference: %s\n' "$1"
	wrong=1
}

# The words of tests/parity/differences for a version of Nix: it is known, or the newest one that is known, newer than the
# others, stands for it.
known_version() {
	case $1 in
	2.8 | 2.26 | 2.34) printf '%s\n' "$1" ;;
	*) echo 2.34 ;;
	esac
}

# What isolates a build: ids, capabilities, namespaces, the filter, network, mounts, and files of the host.
isolation="[-+](.id_map|status (.id|Groups|Cap.*|NoNewPrivs|Seccomp.*)|namespace .*|descriptor .*|interface .*|socket .*"
isolation+="|connect .*|.*route|(mount|tree|create in|access|listing) .*):.*"

# unknown_nix VERSION KIND REPORT: of a Nix that the list does not know yet, which Debian sid brings one day, the differences in
# what isolates a build fail the test; the others are said at the end of the run.
unknown_nix() {
	sed "s|^|DIFFERENT FROM NIX $1, which tests/parity/differences does not know ($WHO, $2): |" "$3" | tee -a "$SCRATCH/notes"
	! grep -xE "$isolation" "$T/unexpected-lines" || fail "not the sandbox of Nix $1"
}

# same_as_nix NAME [EXTRA]: the tool's sandbox is that of the build NAME (plain or what its attributes make it).
same_as_nix() {
	local directory version known network=
	# A login gives the tool limits and keyrings of its own, the daemon has others.
	[[ $EUID -eq 0 ]] || skip "only root can start the tool with the limits that the daemon has, and without a login's keyrings"
	version=$(nix_version)
	known=$(known_version "$version")
	[[ $1 != fixed && $1 != impure ]] || network=network
	directory=$(real_build "$@")
	report_of_nix "$directory" >"$T/nix"
	report_of_tool "$directory" >"$T/tool" || fail "the probe did not end well in the tool's sandbox: $(tail -n 3 "$T/tool")"
	run judge "$TOP/tests/parity/differences" "$T/nix" "$T/tool" "$WHO" "$1" "nix-$known" ${network:+"$network"}
	if [[ $version != "$known" ]]; then
		unknown_nix "$version" "$1" "$T/out"
	elif [[ $status -ne 0 ]]; then
		cat "$T/out"
		rm "$T/out"
		fail "not the sandbox of Nix"
	fi
}
