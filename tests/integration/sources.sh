# shellcheck shell=bash
# Where the tool learns what the build was: env-vars, the derivation, the two layouts of a kept directory.

# What the shell in the sandbox exports, without what a shell sets by itself at its start.
exported() { grep -vE '^declare -x (PWD|OLDPWD|SHLVL|_)\b' "$@"; }

# Today's stdenv: the build user alone may read env-vars. So the derivation is asked, and it must come to
# the same environment.
test_unreadable_env_vars() {
	dir=$(kept plain)
	prints 'hello, world' bash -c 'echo $greeting'
	prints /homeless-shelter bash -c 'echo $HOME'
	prints "$BASH_PATH/bin/bash" bash -c 'echo $SHELL'
	[[ -r $dir/env-vars ]] || skip "the test itself cannot read env-vars"
	run nbs "$dir" bash -c 'export -p'
	diff <(exported "$dir/env-vars") <(exported "$T/out") || fail "another environment"
}

test_env_vars_that_are_not_there() {
	dir=$(kept bare)
	prints bare "$TOOLS_PATH/bin/cat" file
	prints /homeless-shelter "$BASH_PATH/bin/bash" -c 'echo $HOME'
}

# derivation NAME SALT: made, not built.
derivation() {
	local arguments
	mapfile -d '' arguments < <(selected "$1" "$2")
	as_user nix-instantiate "${arguments[@]}" 2>/dev/null
}

# Derivations with the same name, made later and built later, must not be taken for the one that failed.
test_the_right_one_of_several_derivations() {
	dir=$(kept plain)
	local other
	derivation plain "other $T" >"$T/drv"
	[[ $(<"$T/drv") == *-plain-1.0.drv ]] || fail "no second derivation"
	other=$(build_and_keep plain "another $T")
	prints "$SCRATCH ${LANE:-}" bash -c 'echo "$salt"'
	dir=$other
	prints "$SCRATCH another $T" bash -c 'echo "$salt"'
}

test_drv_says_it_outright() {
	local copy=$T/copy
	dir=$(kept readable)
	user_dir "$copy"
	cp -R "$dir/readable-1.0" "$copy/"
	chmod -R a+rX "$copy"
	run nbs --drv "$(derivation readable "outright $T")" "$copy" bash -c 'echo "$salt"; ls'
	expect_status 0
	expect_out "outright $T"$'\nenv-vars\nreadable-1.0'
}

test_verbose_says_what_came_from_where() {
	dir=$(kept readable)
	run nbs -v "$dir" true
	expect_status 0
	expect_err "env-vars"
	dir=$(kept bare)
	run nbs -v "$dir" "$TOOLS_PATH/bin/true"
	expect_status 0
	expect_err "-bare-1.0.drv"
}

test_phase_that_replaced_the_shell() {
	dir=$(kept replaced)
	prints "replaced-1.0" bash -c 'echo $name'
}

weird_names=(quotes newlines dollars dollarQuote backslashes tabs spaces glob empty notUtf8 declaration)

# expect_weird FIXTURE
expect_weird() {
	local values
	# shellcheck disable=SC1003
	values=("it's \"quoted\"" $'one\ntwo\n' '$HOME ${HOME} $(id) `id`' "\$'not\\nquoted'" 'a\b\\c\' $'a\tb\r'
		'  both ends  ' '*?[a-z]{x,y}~!' '' "$(<"$TOP/tests/fixtures/not-utf8")"
		$'x\ndeclare -x SHELL="/evil"\ny')
	dir=$(kept "$1")
	run nbs "$dir" bash -c 'for name; do printf "%s\0" "${!name}"; done' -- "${weird_names[@]}"
	expect_status 0
	printf '%s\0' "${values[@]}" | cmp - "$T/out" || fail "other values"
	prints "$BASH_PATH/bin/bash" bash -c 'echo $SHELL'
}

test_weird_values_in_env_vars() { expect_weird weird; }

test_weird_values_in_the_derivation() { expect_weird weirdPrivate; }

test_weird_values_in_another_locale() {
	tool_env=(LC_ALL=C)
	expect_weird weird
	expect_weird weirdPrivate
}

# Older bashes wrote a newline as it is, inside double quotes.
test_env_vars_with_newlines_in_double_quotes() {
	dir=$T/nix-build-kept-1.0.drv-0
	user_dir "$dir"
	{
		printf 'declare -x A="x\ndeclare -x SHELL=\\"/evil\\"\ny"\n'
		printf 'declare -x HOME="/homeless-shelter"\ndeclare -x PATH="%s/bin"\n' "$TOOLS_PATH"
		printf 'declare -x SHELL="%s/bin/bash"\n' "$BASH_PATH"
	} >"$dir/env-vars"
	chmod 644 "$dir/env-vars"
	prints "$BASH_PATH/bin/bash" "$BASH_PATH/bin/bash" -c 'echo $SHELL'
	prints $'x\ndeclare -x SHELL="/evil"\ny' "$BASH_PATH/bin/bash" -c 'echo "$A"'
}

# new_layout NAME: what Nix leaves from mid-2024 to 2.29, and below another directory since: root's directory
# around the build user's.
new_layout() {
	outer=$(build_and_keep "$1" "$T")
	if [[ $outer == */build ]]; then
		outer=${outer%/build}
	else
		[[ $EUID -eq 0 ]] || skip "only root can make the newer layout from this Nix's directory"
		mv "$outer" "$outer.inner"
		mkdir -m 755 "$outer"
		mv "$outer.inner" "$outer/build"
	fi
}

test_newer_layout() {
	new_layout readable
	local name before
	before=$(snapshot "$outer")
	for dir in "$outer/build" "$outer" "$outer/" "$outer/build/" "$outer/../${outer##*/}"; do
		prints $'env-vars\nreadable-1.0' ls -A
		prints 1000:100 stat -c %u:%g /build
	done
	dir=$outer/build
	run nbs "$dir" sh -c 'read -r a </proc/self/uid_map; echo $a'
	if [[ $WHO == root ]]; then
		expect_out "1000 $(stat -c %u "$dir") 1"
	else
		expect_out "1000 $(id -u "$TEST_USER") 1"
	fi
	[[ $(snapshot "$outer") == "$before" ]] || fail "the kept directory has changed"
	cd "$outer"
	dir=.
	prints $'env-vars\nreadable-1.0' ls -A
}

test_newer_layout_with_private_env_vars() {
	new_layout plain
	dir=$outer
	prints 'hello, world' bash -c 'echo $greeting'
}

# A directory that root owns, inside and out, makes no process root.
test_directory_of_root() {
	dir=$T/nix-build-kept-1.0.drv-0
	mkdir "$dir"
	cp "$(kept readable)/env-vars" "$dir/"
	prints 1000 id -u
	run nbs "$dir" sh -c 'set -- $(cat /proc/self/uid_map); echo $2'
	expect_status 0
	getent passwd "$(<"$T/out")" | grep -q '^nixbld' || fail "not a build user"
}

# It was root of many users, which only root can give.
test_uid_range_takes_root() {
	local arguments drv
	mapfile -d '' arguments < <(selected uidRange "$SCRATCH")
	drv=$(as_user nix-instantiate "${arguments[@]}" 2>/dev/null)
	dir=$(kept readable)
	run nbs --drv "$drv" "$dir" id -u
	if [[ $WHO == root ]]; then
		expect_status 0
		expect_out 0
		return
	fi
	expect_status 125
	expect_err "$dir" uid-range 65536
	no_files_below "$USER_HOME" "a session is left"
}
