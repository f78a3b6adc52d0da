# shellcheck shell=bash
# The working copy: everything that a file can be comes through, and the kept directory stays as it is.

busybox=$TOOLS_PATH/bin/busybox
# What the ordinary user cannot read in the fixture.
private='mode-0[67]00|mode-0000'

# Kind and mode, size, link count (of a directory neither: they depend on what could be read), time, name
# and link target of all that lies below the current directory; the same program does it on both sides.
listing='"$0" find . ! -name "new*" | LC_ALL=C "$0" sort | while IFS= read -r f; do
	links=$("$0" stat -c %h "$f"); [ ! -d "$f" ] || links=-
	size=$("$0" stat -c %s "$f"); [ ! -d "$f" ] || size=-
	"$0" stat -c "%f $size $links %Y" "$f"; printf "%s|%s\n" "$f" "$("$0" readlink "$f")"
done'

public_part() { if [[ $WHO == user ]]; then grep -avE "$private"; else cat; fi; }

test_every_kind_of_file() {
	dir=$(kept files)
	local tree=files-1.0/tree
	run nbs "$dir" sh -c "cd $tree && $listing" "$busybox"
	expect_status 0
	(cd "$dir/$tree" && sh -c "$listing" "$busybox") >"$T/expected" 2>/dev/null || true
	grep -q hard-link "$T/expected" || fail "the test's own listing is empty"
	diff <(paste -d' ' - - <"$T/expected" | public_part) \
		<(paste -d' ' - - <"$T/out" | public_part) || fail "the copy is not the same"
}

test_what_cannot_be_read_is_listed() {
	dir=$(kept files)
	run nbs "$dir" sh -c 'cat files-1.0/tree/mode-0600 files-1.0/tree/mode-0700/file'
	if [[ $WHO == user ]]; then
		expect_status 1
		expect_err files-1.0/tree/mode-0600 files-1.0/tree/mode-0000 files-1.0/tree/mode-0700 \
			"root can copy them: sudo nix-build-shell $dir"
	else
		expect_status 0
		expect_out $'secret\nsecret'
		expect_empty_err
	fi
}

test_kept_directory_stays_as_it_is() {
	[[ $EUID -eq 0 ]] || skip "only root can look at all that a build user has"
	local name before
	for name in files readable plain; do
		dir=$(kept "$name")
		before=$(snapshot "$dir")
		run nbs "$dir" sh -c 'cd /build; chmod -R u+rwx .; rm -rf ./*; echo x >env-vars; touch -d 2001-01-01 .'
		expect_status 0
		[[ $(snapshot "$dir") == "$before" ]] || fail "$name has changed"
	done
}

# A command's copy is gone when it ends, whatever it left in there.
test_commands_leave_nothing() {
	dir=$(kept files)
	local odd='mkdir -p a/b/c; echo marker >a/b/c/marker-file; chmod 0 a/b/c a/b a'
	run nbs "$dir" sh -c "$odd; cd /tmp; $odd; mkdir /nix/store/x; cd /nix/store/x; $odd"
	expect_status 0
	nothing_left
	run nbs "$dir" sh -c 'exit 3'
	nothing_left
}

nothing_left() {
	no_files_below "$USER_HOME" "left behind"
	[[ ! -e $USER_HOME/.cache ]] || fail "something in ~/.cache"
}

test_tmp_of_the_host_stays_clean() {
	dir=$(kept readable)
	touch "$T/stamp"
	run nbs "$dir" true
	expect_status 0
	if find /tmp -maxdepth 1 -newer "$T/stamp" ! -name "nix-build-shell-tests.*" \( -iname '*jna*' -o -name 'nix-build-shell*' \) |
		grep .; then fail "something new in /tmp"; fi
}

# in_a_shell LINES ARGS...: in an interactive shell these lines are typed.
in_a_shell() {
	printf '%s\n' "$1" >"$T/in"
	shift
	run nbs_on_terminal "$@" <"$T/in"
}

edit='cd $NIX_BUILD_TOP; echo edited >edited-file; exit 5'

test_shell_with_edits_is_kept_and_named() {
	dir=$(kept readable)
	local edited named
	in_a_shell "$edit" "$dir"
	expect_status 5
	edited=$(find "$USER_HOME" -name edited-file)
	[[ -n $edited && $(<"$edited") == edited ]] || fail "the edits are gone"
	grep -aoE '/[^ [:cntrl:]]+' "$T/out" >"$T/named"
	while read -r named; do
		named=${named%[.,:;\"\')]}
		[[ $edited != "${named%/}"/* ]] || return 0
	done <"$T/named"
	fail "the session of $edited is not named"
}

test_shell_without_edits_leaves_nothing() {
	dir=$(kept readable)
	in_a_shell 'cat env-vars >/dev/null; exit 0' "$dir"
	expect_status 0
	no_files_below "$USER_HOME" "a copy is left"
}

# A directory for the caller's own sessions.
own_dir() {
	user_dir "$1"
	if [[ $WHO == root ]]; then chown 0:0 "$1"; fi
}

test_work_dir_says_where() {
	dir=$(kept readable)
	own_dir "$T/elsewhere"
	in_a_shell "$edit" --work-dir "$T/elsewhere" "$dir"
	expect_status 5
	[[ -n $(find "$T/elsewhere" -name edited-file) ]] || fail "not in the directory that --work-dir gave"
	no_files_below "$USER_HOME" "in the home directory all the same"
	[[ $(stat -c %a "$T"/elsewhere/*) == 700 ]] || fail "others may look in"
}

test_state_directory_of_the_user() {
	dir=$(kept readable)
	own_dir "$T/state"
	tool_env=(XDG_STATE_HOME="$T/state")
	in_a_shell "$edit" "$dir"
	[[ -n $(find "$T/state/nix-build-shell" -name edited-file) ]] || fail "not in XDG_STATE_HOME"
	[[ $(stat -c %a "$T/state/nix-build-shell") == 700 ]] || fail "others may look in"
}

# refused_base DIRECTORY ARGS...
refused_base() {
	local base=$1
	shift
	run nbs "$@" "$dir" true
	expect_status 125
	expect_err "$base"
	no_files_below "$T/state" "something was made in there"
}

test_work_directory_of_somebody_else_is_refused() {
	[[ $EUID -eq 0 ]] || skip "only root can make another user's directory"
	dir=$(kept readable)
	local base
	own_dir "$T/state"
	for base in "$T/state/nix-build-shell" "$T/state/nix-build-shell-$(id -u "$TEST_USER")" "$T/state/nix-build-shell-0"; do
		mkdir "$base"
		chown nobody: "$base"
		chmod 777 "$base"
	done
	tool_env=(XDG_STATE_HOME="$T/state")
	refused_base "$T/state/nix-build-shell"
	refused_base "$T/state/nix-build-shell-" --work-dir "$T/state"
	rmdir "$T"/state/*
	own_dir "$T/other"
	ln -s "$T/other" "$T/state/nix-build-shell"
	run nbs "$dir" true
	expect_status 125
	expect_err "$T/state/nix-build-shell"
	no_files_below "$T/other" "something was made behind the link"
}
