# shellcheck shell=bash
# DIR by another name than its path: `last`, and the ID that the hook's hint shows.

# failure NAME [ID]: a kept directory where the tool looks for some, which only this test has.
failure() {
	local from
	from=$(kept readable)
	dir=$T/places/$1
	[[ -d $T/places ]] || user_dir "$T/places"
	user_dir "$dir"
	cp "$from/env-vars" "$dir/"
	echo "$1" >"$dir/which"
	mkdir "$dir/.nix-build-shell"
	printf '{"schemaVersion": "1.0", "id": "%s"}' "${2:-$1}" >"$dir/.nix-build-shell/manifest.json"
	if [[ $WHO == root ]]; then
		chown -R --reference="$from" "$dir"
	else
		chown -R --reference="$T/places" "$dir"
	fi
	tool_env=(TMPDIR="$T/places")
}

# opens NAME TEXT: DIR=NAME is the directory whose file `which` has this text.
opens() {
	run nbs "$1" cat which
	expect_status 0
	expect_out "$2"
}

# unknown NAME TEXT...
unknown() {
	run nbs "$1" true
	expect_status 125
	shift
	expect_err "$@"
}

test_id() {
	failure nix-build-one-1.0.drv-0 one-1.0-k3f9a2
	failure nix-build-two-1.0.drv-0 two-1.0-x+._-9
	failure nix-4711-1234567 three-a1b2c3
	opens one-1.0-k3f9a2 nix-build-one-1.0.drv-0
	opens two-1.0-x+._-9 nix-build-two-1.0.drv-0
	opens three-a1b2c3 nix-4711-1234567
	opens nix-4711-1234567 nix-4711-1234567
	run nbs -v three-a1b2c3 true
	expect_err "three-a1b2c3 is $T/places/nix-4711-1234567" 'ID: three-a1b2c3 (from the manifest)'
}

test_id_in_the_newer_layout() {
	failure nix-4711-1 new-layout-1
	mv "$dir" "$dir.inner"
	user_dir "$dir"
	mv "$dir.inner" "$dir/build"
	if [[ $EUID -eq 0 ]]; then chown 0:0 "$dir"; fi
	opens new-layout-1 nix-4711-1
}

test_a_directory_of_that_name_comes_first() {
	failure nix-build-one-1.0.drv-0 one
	failure nix-build-two-1.0.drv-0 last
	cp -R "$T/places/nix-build-one-1.0.drv-0" "$T/last"
	cp -R "$T/places/nix-build-two-1.0.drv-0" "$T/one"
	cd "$T"
	opens last nix-build-one-1.0.drv-0
	expect_empty_err
	opens one nix-build-two-1.0.drv-0
	expect_empty_err
	unknown ./two 'ENOENT'
	opens "$T/places/nix-build-one-1.0.drv-0" nix-build-one-1.0.drv-0
}

test_unknown_id_lists_what_there_is() {
	failure nix-build-one-1.0.drv-0 one-1.0-k3f9a2
	unknown nothing-like-that 'nothing-like-that' "one-1.0-k3f9a2 ($T/places/nix-build-one-1.0.drv-0)" "$T/places"
}

test_ambiguous_id_lists_both() {
	failure nix-build-one-1.0.drv-0 same
	failure nix-build-two-1.0.drv-0 same
	unknown same several "$T/places/nix-build-one-1.0.drv-0" "$T/places/nix-build-two-1.0.drv-0"
}

# Builds of others may fail meanwhile.
newest_is() {
	chmod 755 "$dir"
	run nbs last cat which
	[[ $status -eq 0 && $(<"$T/out") == "${dir##*/}" ]]
}

test_last() {
	failure nix-build-one-1.0.drv-0
	local first=$dir
	failure nix-build-two-1.0.drv-0
	eventually newest_is || fail "not the newest"
	expect_err "$dir"
	dir=$first
	eventually newest_is || fail "not the newest any more"
}

# In /tmp every user can make a directory of such a name.
test_directories_of_strangers_do_not_count() {
	[[ $EUID -eq 0 ]] || skip "only root can give directories away"
	failure nix-build-one-1.0.drv-0 mine
	local mine=$dir
	failure nix-build-two-1.0.drv-0 mine
	chown -R 12345:12345 "$dir"
	opens mine nix-build-one-1.0.drv-0
	dir=$mine
	eventually newest_is || fail "not the newest of one's own"
	unknown nix-build-two-1.0.drv-0 'no kept failure'
}

test_hostile_neighbours_do_no_harm() {
	local file
	failure nix-build-fifo-1.drv-0
	file=$dir/.nix-build-shell/manifest.json
	rm "$file"
	mkfifo "$file"
	failure nix-build-link-1.drv-0
	rm -r "$dir/.nix-build-shell"
	ln -s ../nix-build-good-1.drv-0/.nix-build-shell "$dir/.nix-build-shell"
	failure nix-build-large-1.drv-0
	truncate -s 1G "$dir/.nix-build-shell/manifest.json"
	failure nix-build-broken-1.drv-0
	echo '{"id": "good"' >"$dir/.nix-build-shell/manifest.json"
	failure nix-build-unreadable-1.drv-0
	chmod 0 "$dir"
	ln -s nix-build-good-1.drv-0 "$T/places/nix-build-linked-1.drv-0"
	: >"$T/places/nix-build-file-1.drv-0"
	mkdir "$T/places/nix-build-empty-1.drv-0"
	failure nix-build-good-1.drv-0 good
	opens good nix-build-good-1.drv-0
}

test_build_dir_of_the_configuration() {
	failure nix-build-one-1.0.drv-0 configured
	tool_env=(NIX_CONFIG="build-dir = $T/places # there")
	opens configured nix-build-one-1.0.drv-0
}
