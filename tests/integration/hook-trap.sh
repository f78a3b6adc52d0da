# shellcheck shell=bash
# The setup hook changes nothing of a build: its output, its errors and its status are those that it has
# without the hook, but for the hint.
# shellcheck source=tests/lib/hook.sh
source "$TOP/tests/lib/hook.sh"

# Without process ids, and without bash 5.2's word about its own bug, whose line number is any.
without_numbers() {
	sed -E -e 's/line [0-9]+: +[0-9]+ /line: /' -e '/pop_var_context/d' "$T/$1" >"$T/$1.$2"
}

compare() {
	local text before
	while IFS= read -r -d $'\1' text; do
		no_hook=1
		build "$1" "$text"
		without_numbers out plain
		without_numbers err plain
		before=$status
		no_hook=
		build "$1" "$text"
		cp "$T/err" "$T/err.whole"
		take_hint
		without_numbers out hook
		without_numbers err hook
		[[ $status -eq $before ]] || fail "$1: status $status with the hook, $before without: $text"
		diff "$T/out.plain" "$T/out.hook" || fail "$1: other output: $text"
		diff "$T/err.plain" "$T/err.hook" || fail "$1: other errors: $text"
		count=$((count + 1))
	done < <(sed 's/^%%$/\x01/' "$TOP/tests/fixtures/hook/scripts" && printf '\1')
}

test_no_script_notices_the_hook() {
	local bash count=0
	while read -r bash; do
		compare "$bash"
	done < <(bashes)
	echo "$count comparisons"
	[[ $count -ge 100 ]] || fail "too few scripts"
}

test_the_state_leaves_the_build_its_traps() {
	local bash
	build_as=in_build_as_in_a_sandbox
	while read -r bash; do
		# shellcheck disable=SC2016
		build "$bash" 'trap "echo own" XFSZ; limit() { kill -XFSZ $BASHPID; }; failureHooks+=(limit); false'
		grep -qx own "$T/out" || fail "$bash: the build's trap is gone"
	done < <(bashes)
}
