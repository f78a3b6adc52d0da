# shellcheck shell=bash
# What Nix hands to a builder, in the sandbox as it was in the build: structured attributes, files, outputs,
# the caller's variables.

# drv NAME: the derivation that left the kept directory.
drv() {
	local arguments
	mapfile -d '' arguments < <(selected "$1" "$SCRATCH ${LANE:-}")
	as_user nix-instantiate "${arguments[@]}" 2>/dev/null
}

# closed_copy NAME FILE...: a copy of a kept directory in which the build user alone may read these files.
closed_copy() {
	[[ $EUID -eq 0 ]] || skip "only root can close a build user's files"
	kept=$(kept "$1")
	cp -a "$kept" "$T/closed"
	dir=$T/closed
	shift
	(cd "$dir" && chmod 600 "$@")
}

# same_as_kept NAME FILE: in the sandbox it is to the byte what the kept directory has. For root it is a copy.
same_as_kept() {
	local mode=644
	if [[ $WHO == root ]]; then mode=600; fi
	run nbs --drv "$(drv "$1")" "$dir" "$BASH_PATH/bin/bash" -c '
		[[ $("$2/bin/stat" -c %a:%u:%g "$1") == "$3":1000:100 ]] || exit 1
		exec "$2/bin/cat" "$1"' -- "$2" "$TOOLS_PATH" "$mode"
	expect_status 0
	cmp "$T/out" "$kept/$2" || fail "$2 is another"
}

test_structured_attributes_rebuilt() {
	closed_copy json .attrs.sh .attrs.json
	same_as_kept json .attrs.sh
	same_as_kept json .attrs.json
	rm -rf "$dir"
	closed_copy structured .attrs.sh .attrs.json
	same_as_kept structured .attrs.sh
	if [[ $WHO == user ]]; then
		run nbs --drv "$(drv structured)" "$dir" cat .attrs.json
		expect_err '.attrs.json is not readable, and rebuilt' 'it lacks the path infos of exportReferencesGraph: graph'
		/usr/bin/python3 - "$T/out" "$kept/.attrs.json" <<-'END' || fail "other attributes"
			import json, sys
			ours, nix = (json.load(open(f)) for f in sys.argv[1:])
			assert nix.pop("graph") and ours == nix, (ours, nix)
		END
	fi
}

test_structured_attributes_that_can_be_read() {
	dir=$(kept structured)
	run nbs "$dir" cat .attrs.json
	expect_status 0
	cmp "$T/out" "$dir/.attrs.json"
}

# The build's own variables, which a child of the shell cannot have; in env-vars or in the derivation.
test_arrays_in_a_shell() {
	[[ $EUID -eq 0 ]] || skip "only root can copy what a build user has closed"
	dir=$(kept structured)
	run nbs "$dir" bash -c 'source "$NIX_ATTRS_SH_FILE"; source $stdenv/setup >/dev/null
		declare -p list assoc quotes newlines dollars spaces empty self outputs'
	[[ $WHO == root ]] || cmp "$T/out" "$dir/declared" || fail "other variables"
	for dir in "$dir" "$(readable_copy)"; do
		run nbs_on_terminal "$dir" < <(
			printf 'cd $NIX_BUILD_TOP; declare -p list assoc quotes newlines dollars spaces empty self outputs >declared2; '
			printf 'cmp declared declared2 && echo same""-variables; echo ${PROMPT_COMMAND-none}""; exit 0\n'
		)
		grep -q '^same-variables' "$T/out" || fail "other variables in $dir"
		grep -q '^none' "$T/out" || fail "a variable too many in $dir"
	done
}

# A command sees what the terminal sees. Where it is a bash, it has the arrays too, and a bash below it has not.
test_a_command_has_the_structured_attributes() {
	local names='list assoc quotes newlines dollars spaces empty self outputs' exported
	dir=$(kept structured)
	run nbs "$dir" bash -c "declare -p $names; bash -c 'declare -p list BASH_ENV' 2>/dev/null || echo no more"
	expect_status 0
	cmp "$T/out" <(cat "$dir/declared" && echo 'no more') || fail "other variables"
	exported='echo "$stdenv $out $dev"'
	run nbs "$dir" sh -c "$exported"
	grep -qxE '/nix/store/[^ ]*-stdenv-linux /nix/store/[^ ]*-structured-1.0 /nix/store/[^ ]*-structured-1.0-dev' "$T/out" ||
		fail "not exported"
	mv "$T/out" "$T/exported"
	run nbs_on_terminal "$dir" < <(printf '%s; exit 0\n' "$exported")
	grep -qxFf "$T/exported" <(tr -d '\r' <"$T/out") || fail "another in a terminal"
	# The phase fails as it did in the build.
	# shellcheck disable=SC2016
	run nbs "$dir" bash -c '(source $stdenv/setup; runPhase buildPhase) >&2; status=$?; cat declared; exit $status'
	expect_status 3
	cmp "$T/out" "$dir/declared" || fail "other variables in a phase"
	run nbs "$dir" bash -c 'source $stdenv/setup; runPhase buildPhase'
	expect_status 3
	expect_err "nix-build-shell: env-vars is rebuilt from"
	if grep -F 'structuredAttrs is enabled' "$T/err"; then fail "the setup script is heard"; fi
}

# Where env-vars can be read.
readable_copy() {
	local copy=$T/nix-build-structured-1.0.drv-0
	cp -R "$(kept structured)" "$copy"
	if [[ $WHO == user ]]; then chown -R "$TEST_USER:" "$copy"; fi
	printf '%s\n' "$copy"
}

test_values_that_come_as_files() {
	local file
	dir=$(kept asFiles)
	run nbs "$dir" "$BASH_PATH/bin/bash" -c 'for v in newlines notUtf8 self; do p=${v}Path; printf "%s " "${!p}"; done; echo'
	local paths
	read -ra paths <"$T/out"
	[[ ${#paths[@]} -eq 3 ]] || fail "no paths"
	closed_copy asFiles "${paths[@]#/build/}"
	for file in "${paths[@]#/build/}"; do
		same_as_kept asFiles "$file"
	done
	dir=$kept
	run nbs "$dir" "$TOOLS_PATH/bin/cat" graph
	cmp "$T/out" "$kept/graph" || fail "another graph"
	rm -rf "$T/closed"
	closed_copy asFiles graph
	chown 0:0 "$dir/graph"
	run nbs --drv "$(drv asFiles)" "$dir" "$BASH_PATH/bin/bash" -c '[[ ! -e graph ]]'
	expect_status 0
	expect_err 'not copied: graph: '
}

test_three_outputs_and_one_begun() {
	dir=$(kept threeOutputs)
	local before dev
	run nbs "$dir" sh -c 'echo $out $dev $doc'
	read -r _ dev _ <"$T/out"
	before=$(snapshot "$dev")
	prints $'begun\nmore' sh -c 'echo more >>$dev/file; cat $dev/file; [ ! -e $out ] && [ ! -e $doc ]'
	prints $'1\n2\n3' sh -c 'mkdir $out; echo 1 >$out/file; rm -r $dev; echo 2 >$dev; echo 3 >$doc; cat $out/file $dev $doc'
	[[ $(snapshot "$dev") == "$before" ]] || fail "the real output has changed"
}

test_variables_of_the_caller() {
	local proxy=http://192.0.2.1:3128
	local print='printf "%s|%s|%s|%s\n" "${http_proxy-unset}" "${NBS_PROXY-unset}" "${NBS_UNSET-unset}" "${NBS_OTHER-unset}"'
	tool_env=(http_proxy="$proxy" NBS_PROXY="a b"$'\xff' NBS_OTHER=secret)
	dir=$(kept fixedBare)
	# The derivation's author could ask for any variable.
	# Nor does it get the proxy, whose URL may hold a password.
	prints '|||unset' "$BASH_PATH/bin/bash" -c "$print"
	expect_err 'withheld from your environment, though the derivation asks: http_proxy, NBS_PROXY;' 'nothing is passed' '--drv FILE'
	if grep -F 'a b' "$T/err"; then fail "its value is shown"; fi
	run nbs --drv "$(drv fixedBare)" "$dir" "$BASH_PATH/bin/bash" -c "$print"
	expect_out "$proxy|a b"$'\xff'"||unset"
	expect_err 'passed from your environment, as the derivation asks: http_proxy, NBS_PROXY'
	if grep -F 'withheld' "$T/err"; then fail "it is said to be withheld"; fi
	prints "1" "$BASH_PATH/bin/bash" -c 'echo $NIX_OUTPUT_CHECKED'
	# A name alone gives an attacker's directory nothing: the derivation must be the directory's own.
	mkdir "$T/nix-build-kept-1.0.drv-0"
	printf 'declare -x out="%s"\ndeclare -x SHELL="/noshell"\n' \
		"$(as_user nix-store --query --outputs "$(drv fixedBare)")" >"$T/nix-build-kept-1.0.drv-0/env-vars"
	dir=$T/nix-build-kept-1.0.drv-0
	if [[ $WHO == user ]]; then chown -R "$TEST_USER:" "$T/nix-build-kept-1.0.drv-0"; fi
	prints 'unset|unset|unset|unset' "$BASH_PATH/bin/bash" -c "$print"
	run nbs --drv "$(drv fixedBare)" "$dir" "$BASH_PATH/bin/bash" -c "$print; echo \$out"
	expect_out "$proxy|a b"$'\xff'"|unset|unset"$'\n'"$(as_user nix-store --query --outputs "$(drv fixedBare)")"
}
