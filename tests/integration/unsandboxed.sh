# shellcheck shell=bash
# Builds that had no sandbox: sandbox = false, or sandbox-fallback where the kernel has no namespaces.

# shellcheck source=tests/lib/hook.sh
source "$TOP/tests/lib/hook.sh"

# built [NAME]: what such a build left, in $dir. Only root may tell the daemon to do without a sandbox.
built() {
	[[ $EUID -eq 0 ]] || skip "only root can build without a sandbox"
	local arguments
	mapfile -d '' arguments < <(selected "${1:-pointing}" "$T")
	as_root NIX_REMOTE=daemon nix-build --keep-failed --no-out-link --option sandbox false "${arguments[@]}" >"$T/log" 2>&1 </dev/null ||
		grep -q 'failed .*exit code 3' "$T/log" || fail "$(<"$T/log")"
	dir=$(kept_directory "$T/log")
	[[ -n $world_name ]] || printf '%s\n' "$dir" >>"$SCRATCH/kept-directories"
	[[ -d $world_files$dir ]] || fail "no directory was kept"
}

# at_its_place WITNESS: the sandbox has the build's paths and no others, and a line says what tells that.
at_its_place() {
	run nbs "$dir" sh -c 'echo $NIX_BUILD_TOP $TMPDIR; cd "$NIX_BUILD_TOP" && pwd -P; mkdir /build 2>/dev/null || echo no /build
		: >file; : >/tmp/file; mkdir $out; echo writable'
	expect_status 0
	expect_out "$dir $dir"$'\n'"$dir"$'\n''no /build'$'\n'writable
	expect_err "had no sandbox: NIX_BUILD_TOP was $dir, as $1 tells"
}

# Here env-vars is the build user's alone.
test_where_it_was_without_env_vars() {
	built unsandboxed
	at_its_place 'the build log'
	hooked_by=(as_root NIX_REMOTE=daemon)
	hooked hooked --option sandbox false
	at_its_place 'the manifest'
}

# Newer Nix nests the directory of a sandbox alone.
test_where_it_was_by_the_layout() {
	enter_world sid
	built plain
	at_its_place "the directory's layout"
}

test_the_directory_is_where_it_was() {
	local top
	built
	top=$dir
	prints "$top"$'\n'"$top"$'\n'/homeless-shelter bash -c 'pwd -P; echo "$NIX_BUILD_TOP"; echo "$HOME"'
	expect_err 'had no sandbox' "NIX_BUILD_TOP was $top" 'in here too' 'the whole store is shown'
	prints 'int main(void) { return 0; }' cat pointing-1.0/link
	prints $'env-vars\npointing-1.0' ls -A .
	prints new sh -c 'echo new >file; cat "$NIX_BUILD_TOP/file"'
	prints 'no /build' sh -c 'ls /build 2>/dev/null || echo no /build'
	prints "${top##*/}" ls -A /tmp
	prints 1000:100 stat -c %u:%g "$top"
	[[ ! -e $dir/file ]] || fail "the kept directory has changed"
	# Under another name it goes by what it was.
	cp -R --preserve=all "$top" "$T/copy"
	dir=$T/copy
	prints "$top" pwd
}

# It saw all of the host's store, whatever the manifest says.
test_the_store_is_whole() {
	built
	local copy=$T/copy
	cp -R --preserve=all "$dir" "$copy"
	dir=$copy
	mkdir "$dir/.nix-build-shell"
	printf '{"schemaVersion": "1.0", "shell": "%s/bin/bash", "storePaths": ["%s", "%s"]}\n' "$BASH_PATH" "$BASH_PATH" "$TOOLS_PATH" \
		>"$dir/.nix-build-shell/manifest.json"
	run nbs "$dir" sh -c 'echo /nix/store/* | wc -w'
	expect_status 0
	[[ $(<"$T/out") -gt 3 ]] || fail "not the whole store"
}

test_a_session_is_there_too() {
	local top session
	built
	top=$dir
	echo exit >"$T/in"
	run nbs_on_terminal "$dir" <"$T/in"
	expect_status 0
	no_files_below "$USER_HOME" "a session without a change is left"
	echo 'cd $NIX_BUILD_TOP; echo edited >edited-file; exit 5' >"$T/in"
	run nbs_on_terminal "$dir" <"$T/in"
	expect_status 5
	session=$(find "$USER_HOME" -name edited-file)
	session=${session%/build/edited-file}
	[[ -n $session ]] || fail "no session is left"
	dir=$session
	prints "$top"$'\n'edited sh -c 'pwd; cat "$NIX_BUILD_TOP/edited-file"'
	if [[ $WHO == root ]]; then prints '100 65534 1' sh -c 'echo $(cat /proc/self/gid_map)'; fi
}

# claims PATH: a kept directory whose env-vars says that it was there.
claims() {
	dir=$T/nix-build-kept-1.0.drv-0
	rm -rf "$dir"
	cp -R "$(kept readable)" "$dir"
	if [[ $WHO == root ]]; then chown -R --reference="$(kept readable)" "$dir"; else chmod -R a+rX "$dir"; fi
	sed -i "s|^declare -x NIX_BUILD_TOP=.*|declare -x NIX_BUILD_TOP=\"$1\"|" "$dir/env-vars"
	chmod a+r "$dir/env-vars"
}

test_a_directory_cannot_be_anywhere() {
	local path
	for path in /etc/nix-build-a.drv-0 /tmp/../etc/nix-build-a.drv-0 "$SCRATCH" /x; do
		claims "$path"
		# The build's part of the store has no derivations.
		prints /build sh -c 'for drv in /nix/store/*.drv; do ! [ -e "$drv" ] || exit 1; done; pwd'
		run nbs "$dir" sh -c 'pwd; ls -A / | tr "\n" " "; ls -A /tmp /bin'
		expect_status 0
		expect_out $'/build\nbin build dev etc nix proc tmp /bin:\nsh\n\n/tmp:'
		expect_err "NIX_BUILD_TOP was $path" 'in /build'
	done
	claims "/tmp/$(printf 'x%.0s' {1..256})/nix-build-a.drv-0"
	prints /build pwd
	expect_err 'NIX_BUILD_TOP was /tmp/xx' 'xx..., no place'
	claims /nix/var/nix/builds/nix-4711-1234567/build
	prints $'/nix/var/nix/builds/nix-4711-1234567/build\nstore\nvar' sh -c 'pwd; ls -A /nix'
	run nbs "$dir" touch /nix/var/file
	expect_status 1
}
