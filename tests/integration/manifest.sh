# shellcheck shell=bash
# The manifest that the setup hook leaves in a kept directory: what it adds, and that the tool does not trust it.

# A copy of a kept directory, to put a manifest into: the caller's own, or as root the build user's.
own_copy() {
	dir=$T/$1
	user_dir "$dir"
	cp -R "$(kept "$2")/." "$dir/"
	chmod -R a+rX "$dir"
	mkdir "$dir/.nix-build-shell"
	if [[ $WHO == root ]]; then chown -R --reference="$(kept "$2")" "$dir"; fi
}

# manifest [FIELDS]: a manifest with these fields, beside the version and the shell.
manifest() {
	printf '{"schemaVersion": "1.0", "shell": "%s/bin/bash"%s}\n' "$BASH_PATH" "${1:+, $1}" \
		>"$dir/.nix-build-shell/manifest.json"
}

store_paths() {
	local list
	list=$(printf ', "%s"' "$@")
	printf '"storePaths": [%s]' "${list#, }"
}

# A file, a directory and a link in the store.
odd_store_paths() {
	local odd=$T/odd
	# shellcheck source=/dev/null
	source "$TOP/tests/lib/inputs.sh"
	mkdir -p "$odd"
	echo content >"$odd/nbs-file"
	ln -s /nonexistent "$odd/nbs-link"
	mkdir -p "$odd/nbs-directory"
	echo inside >"$odd/nbs-directory/file"
	chmod -R u=rwX,go=rX "$odd"
	FILE=$(store_add "$odd/nbs-file")
	LINK=$(store_add "$odd/nbs-link")
	DIRECTORY=$(store_add "$odd/nbs-directory")
}

test_only_what_the_build_saw() {
	odd_store_paths
	own_copy exact readable
	manifest "$(store_paths "$BASH_PATH" "$TOOLS_PATH" "$FILE" "$LINK" "$DIRECTORY")"
	prints "$(printf '%s\n' "$BASH_PATH" "$TOOLS_PATH" "$FILE" "$LINK" "$DIRECTORY" | sed 's|.*/||' | LC_ALL=C sort)" \
		sh -c 'LC_ALL=C ls -A /nix/store'
	prints $'content\n/nonexistent\ninside' sh -c 'cat "$1"; readlink "$2"; cat "$3/file"' -- "$FILE" "$LINK" "$DIRECTORY"
	prints 1775 stat -c %a /nix/store
}

test_nothing_of_the_store_can_be_changed() {
	own_copy read-only readable
	manifest "$(store_paths "$BASH_PATH" "$TOOLS_PATH")"
	run nbs "$dir" sh -c 'for d; do
		touch "$d/new"; rm -f "$d/bin/sh"; rmdir "$d"; mv "$d" "$d-2"; rm -rf "$d"; mount -o remount,rw "$d"; umount "$d"
	done; ls "$1/bin/bash"' -- "$BASH_PATH" "$TOOLS_PATH"
	expect_out "$BASH_PATH/bin/bash"
	expect_err 'Read-only file system'
	# Where Nix has a single user, the store is the caller's own: then only the mount protects it.
	run nbs "$dir" sh -c 'grep " /nix/store/" /proc/self/mountinfo | grep -vc " ro,"'
	expect_out 0
}

test_the_store_around_it_is_writable() {
	own_copy writable readable
	manifest "$(store_paths "$BASH_PATH" "$TOOLS_PATH")"
	prints new sh -c 'mkdir "$out" && echo new >"$out/file" && cat "$out/file" && mv "$out" /nix/store/x && rm -rf /nix/store/x'
	[[ ! -e /nix/store/x ]] || fail "written to the host's store"
}

test_begun_outputs_are_there_and_writable() {
	own_copy begun partial
	out=$(sed -n 's/^declare -x out="\(.*\)"/\1/p' "$dir/env-vars")
	dev=$(sed -n 's/^declare -x dev="\(.*\)"/\1/p' "$dir/env-vars")
	manifest "$(store_paths "$BASH_PATH" "$TOOLS_PATH" "$out"), \"outputs\": {\"out\": \"$out\", \"dev\": \"$dev\"}"
	prints "$(printf '%s\n' "$BASH_PATH" "$TOOLS_PATH" "$out" "$dev" | sed 's|.*/||' | LC_ALL=C sort)" \
		sh -c 'LC_ALL=C ls -A /nix/store'
	prints $'half\nmore' sh -c 'echo more >>"$out/bin/half" && cat "$out/bin/half"'
	prints gone sh -c 'rm -rf "$out" && mkdir "$out" && echo gone'
	[[ -e $out/bin/half ]] || fail "the real output was changed"
}

test_store_paths_that_are_gone_are_all_named() {
	local one=/nix/store/00000000000000000000000000000000-one two=/nix/store/00000000000000000000000000000000-two
	own_copy gone readable
	manifest "$(store_paths "$BASH_PATH" "$one" "$TOOLS_PATH" "$two")"
	run nbs "$dir" true
	expect_status 125
	expect_err "nix-store --realise $one $two" "2 store paths" "nix copy --from ssh://HOST $one $two"
}

# many_store_paths: a thousand in `paths`, directories but for one file.
many_store_paths() {
	local i
	paths=()
	for ((i = 0; i < 999; i++)); do paths+=("/nix/store/$(printf '%032d' "$i")-nbs-many-${T##*.}"); done
	[[ $EUID -eq 0 ]] || skip "only root can put a thousand paths into the store at once"
	trap 'rm -rf /nix/store/*-nbs-many-"${T##*.}"' EXIT
	(umask 022 && mkdir -p "${paths[@]}" && echo seen >"${paths[0]}/file")
	paths+=("/nix/store/$(printf '%032d' 999)-nbs-many-${T##*.}")
	(umask 022 && echo content >"${paths[999]}")
	own_copy many "${1:-readable}"
	manifest "$(store_paths "$BASH_PATH" "$TOOLS_PATH" "${paths[@]}")${2:-}"
}

test_a_thousand_store_paths() {
	local paths
	many_store_paths
	prints $'1002\nseen\ncontent\n1775' sh -c 'ls /nix/store | wc -l; cat "$1/file" "$2"; stat -c %a /nix/store' -- \
		"${paths[0]}" "${paths[999]}"
	run nbs "$dir" sh -c 'grep " /nix/store/" /proc/self/mountinfo | grep -vc " ro,"'
	expect_out 0
	run nbs "$dir" sh -c 'for d; do touch "$d/new"; rmdir "$d"; mv "$d" "$d-2"; rm -rf "$d"; done; ls /nix/store | wc -l' -- \
		"${paths[1]}" "${paths[999]}"
	expect_out 1002
	[[ -e ${paths[1]} ]] || fail "deleted in the host's store"
}

# What is made in the store is on disk, and moves and links within it work as in a directory.
test_the_store_around_a_thousand_paths() {
	local paths
	many_store_paths partial ', "outputs": {"out": "/nix/store/00000000000000000000000000000000-nbs"}'
	# shellcheck disable=SC2016
	prints $'moved\n2\nlinked\n1000:100' sh -ec '
		mkdir -p "$out/a" /nix/store/other
		echo moved >"$out/a/file"
		mv "$out/a" /nix/store/other/b
		mv /nix/store/other /nix/store/third
		cat /nix/store/third/b/file
		ln /nix/store/third/b/file "$out/link"
		stat -c %h "$out/link"
		ln -s link "$out/symbolic"
		echo linked >"$out/link"
		cat /nix/store/third/b/file
		stat -c %u:%g "$out"
		[ "$(stat -c %d "$out")" = "$(stat -c %d "$out/link")" ]
		rm -r "$out" /nix/store/third'
	# shellcheck disable=SC2016
	prints "$(stat -f -c %b "$USER_HOME")" sh -c 'mkdir "$out" && stat -f -c %b "$out"'
}

test_a_session_of_a_thousand_paths() {
	local paths session
	many_store_paths
	# shellcheck disable=SC2016
	printf 'mkdir $out; echo edited >$out/kept; exit\n' >"$T/in"
	run nbs_on_terminal "$dir" <"$T/in"
	session=$(echo "$USER_HOME"/.local/state/*/*/readable-* "$USER_HOME"/.local/state/*/readable-*)
	session=${session##* }
	run nbs "$session" sh -c 'cat $out/kept; ls -A /nix/store | wc -l'
	expect_out $'edited\n1003'
}

test_the_shell_must_be_among_the_store_paths() {
	own_copy shell readable
	manifest "$(store_paths "$TOOLS_PATH")"
	prints 3 sh -c 'ls -A /nix/store | wc -l'
	expect_err "storePaths are ignored: they lack the shell $BASH_PATH"
}

test_a_session_keeps_its_view() {
	local state=$T/state session
	user_dir "$state"
	if [[ $WHO == root ]]; then chown 0:0 "$state"; fi
	own_copy session readable
	manifest "$(store_paths "$BASH_PATH" "$TOOLS_PATH")"
	echo 'cd $NIX_BUILD_TOP; echo edited >kept; exit' >"$T/in"
	nbs_on_terminal --work-dir "$state" "$dir" <"$T/in" >"$T/typescript"
	session=$(echo "$state"/*/readable-*)
	[[ -e $session/build/kept ]] || fail "no session: $(cat "$T/typescript")"
	run nbs --work-dir "$state" "$session" sh -c 'cat kept; ls -A /nix/store | wc -l'
	expect_status 0
	expect_out $'edited\n2'
	run nbs --work-dir "$state" --explain "$session" sh -c 'rm kept'
	expect_status 0
	grep -q "mount(\"/nix/store/.*bash" "$T/out" || fail "another plan"
	[[ -e $session/build/kept ]] || fail "it ran"
	run nbs --work-dir "$state" --drv /nix/store/none.drv "$session" true
	expect_status 125
	expect_err 'cannot use --drv in' "$dir"
	sed -i 's/^sandbox.network=.*/sandbox.network=carrier-pigeons/' "$session/session.properties"
	run nbs --work-dir "$state" "$session" true
	expect_status 125
	expect_err carrier-pigeons 'the version of nix-build-shell that made it'
	sed -i 's/^sandbox.network=.*/sandbox.network=loopback/' "$session/session.properties"
	# A mount point alone is no change.
	echo exit >"$T/in"
	nbs_on_terminal --work-dir "$state" "$dir" <"$T/in" >"$T/typescript"
	[[ $(echo "$state"/*/readable-*) == "$session" ]] || fail "an unchanged session was kept"
}

test_says_what_failed() {
	own_copy failed readable
	manifest '"name": "wttr-0.1", "phase": "buildPhase", "exitCode": 101, "command": {"text": "cargo build\u001b[31m --release", "line": 3}'
	run nbs -v "$dir" true
	expect_status 0
	expect_err 'buildPhase of wttr-0.1 failed with exit code 101 in: cargo build\x1b[31m --release' \
		'name: wttr-0.1 (from the manifest)' "shell: $BASH_PATH/bin/bash (from the manifest)" 'out: '
}

test_a_private_state_is_no_news() {
	own_copy private readable
	manifest
	echo 'declare -- secret=x' >"$dir/.nix-build-shell/state.bash"
	chmod 0 "$dir/.nix-build-shell/state.bash"
	run nbs "$dir" true
	expect_status 0
	expect_empty_err
}

test_the_manifest_names_the_derivation() {
	dir=$T/nix-4711-1234567
	user_dir "$dir"
	run nbs -v "$(kept plain)" true
	out=$(sed -n 's/^nix-build-shell: output out: \([^ ]*\).*/\1/p' "$T/err")
	mkdir "$dir/.nix-build-shell"
	manifest "\"outputs\": {\"out\": \"$out\"}"
	prints 'hello, world' bash -c 'echo $greeting'
}

# ignored REASON: the manifest is not used, which is said, and all goes on without it.
ignored() {
	run nbs "$dir" sh -c 'ls -A /nix/store | wc -l; ls /'
	expect_status 0
	expect_err .nix-build-shell/manifest.json "$1"
	[[ $(head -n 1 "$T/out") -gt 2 ]] || fail "another store"
	[[ $(sed 1d "$T/out" | tr '\n' ' ') == 'bin build dev etc nix proc tmp ' ]] || fail "another root"
}

# (Which fields are refused: ManifestReaderTest.)
test_a_reason_tells_the_field() {
	own_copy nix-build-reason-1.0.drv-0 readable
	manifest '"storePaths": ["/nix/store/../../etc"]'
	ignored 'storePaths[0]: it has an empty component'
	truncate -s 1G "$dir/.nix-build-shell/manifest.json"
	ignored '1073741824 bytes'
}

test_a_manifest_that_is_no_file() {
	own_copy nix-build-no-file-1.0.drv-0 readable
	local file=$dir/.nix-build-shell/manifest.json
	mkfifo "$file"
	ignored 'a FIFO'
	rm "$file"
	ln -s /etc/passwd "$file"
	ignored 'a symbolic link'
	rm "$file"
	ln -s /dev/zero "$file"
	ignored 'a symbolic link'
	rm "$file"
	mkdir "$file"
	ignored 'a directory'
	rm -r "$dir/.nix-build-shell"
	mkdir "$T/elsewhere"
	ln -s "$T/elsewhere" "$dir/.nix-build-shell"
	manifest '"phase": "elsewhere"'
	ignored ENOTDIR
	rm "$dir/.nix-build-shell"
	echo x >"$dir/.nix-build-shell"
	ignored ENOTDIR
}

test_a_hostile_manifest_alone_is_an_error() {
	# By this name, no other build whose log is of the same moment can be meant.
	dir=$T/nix-build-nbs-alone.drv-0
	user_dir "$dir"
	mkdir "$dir/.nix-build-shell"
	manifest '"storePaths": 7'
	run nbs "$dir" true
	expect_status 125
	expect_err "$dir" 'storePaths: it is not a list' --drv
}

test_versions() {
	own_copy nix-build-versions-1.0.drv-0 readable
	local file=$dir/.nix-build-shell/manifest.json
	printf '{"schemaVersion": "1.7", "news": [{"a": null}], "phase": "fine", "exitCode": 2}' >"$file"
	run nbs "$dir" true
	expect_status 0
	expect_err 'fine of readable-1.0 failed with exit code 2'
	printf '{"phase": 7, "schemaVersion": "2.0"}' >"$file"
	run nbs "$dir" true
	expect_status 0
	expect_err 'manifest.json is ignored' 'schemaVersion is 2.0'
	rm "$dir/env-vars"
	mv "$dir" "$T/nix-build-never-was-1.0.drv-0"
	run nbs "$T/nix-build-never-was-1.0.drv-0" true
	expect_status 125
	expect_err never-was 'env-vars is unusable (it does not exist)' 'schemaVersion is 2.0' --drv
}
