# shellcheck shell=bash
# Stores other than the machine's: a chroot store (--store ROOT), and one whose paths have another name
# (NIX_STORE_DIR). No daemon has them; builds in them run as the caller himself, or as root's build users.

mine() (tool_env=() && "${WHO}_exec" "$@")

# Nix, in the store that the arrays say: its environment, and its options.
nix_env=()
nix_options=()
in_it() {
	local program=$1
	shift
	mine "${nix_env[@]}" "$program" "${nix_options[@]}" --option build-users-group "$build_users" "$@"
}

# a_directory PATH: of the caller's.
a_directory() {
	mkdir -p "$1"
	if [[ $WHO == user && $EUID -eq 0 ]]; then chown "$TEST_USER:" "$1"; fi
}

add() { in_it nix-store --add "$1"; }

# fails_to_build BEGIN: in that store; what it left is $dir. It begins to write its output unless BEGIN is empty.
fails_to_build() {
	local inputs=$T/inputs shell
	build_users=
	if [[ $WHO == root ]]; then build_users=nixbld; fi
	mkdir -p "$inputs/shell/bin" "$inputs/bash-5.2/bin"
	cp "$BASH_PATH/bin/bash" "$inputs/shell/bin/bash"
	echo secret >"$T/secret"
	ln -s "$T/secret" "$inputs/link"
	echo data >"$inputs/data"
	echo other >"$inputs/other"
	chmod -R u=rwX,go=rX "$inputs"
	shell=$(add "$inputs/shell")
	ln -s "$shell/bin/bash" "$inputs/bash-5.2/bin/bash"
	bash=$(add "$inputs/bash-5.2") link=$(add "$inputs/link") data=$(add "$inputs/data")
	add "$inputs/other" >/dev/null
	in_it nix-build --keep-failed --no-out-link "$SCRATCH/fixtures/elsewhere.nix" --argstr bash "$bash" \
		--argstr shell "$shell" --argstr link "$link" --argstr data "$data" --argstr begin "$1" >"$T/log" 2>&1 </dev/null || true
	dir=$(kept_directory "$T/log")
	grep -q 'failed .*exit code 3' "$T/log" || fail "$(<"$T/log")"
	if [[ $EUID -eq 0 ]]; then printf '%s\n' "$dir" >>"$SCRATCH/kept-directories"; fi
}

# is_that_store STORE OPTION...: the sandbox shows what the build saw, and what it began.
is_that_store() {
	local store=$1
	shift
	# shellcheck disable=SC2016
	script='read -r seen </build/seen; [[ $seen == "$NIX_STORE "* ]] || echo "saw: $seen"
		for path in "$NIX_STORE"/*; do [[ " $seen $out " == *" $path "* ]] || echo "too much: $path"; done
		for path in $seen $out; do [[ -e $path || -L $path ]] || echo "missing: $path"; done
		[[ -L $link && ! -e $link ]] || echo "the link leads out"
		echo more >>"$out" && mapfile -t lines <"$out" && echo "$NIX_STORE ${lines[*]} $(<"$data") $PWD"
		echo x 2>/dev/null >"$shell/bin/new" || echo read-only'
	run nbs "$@" "$dir" /bin/sh -c "$script"
	expect_status 0
	expect_out "$store half more data /build"$'\n'read-only
	if grep -q 'whole store' "$T/err"; then fail "the whole store"; fi
}

# comes_back STORE OPTION...: without a word about the store. Garbage collections take nothing before the session is deleted.
comes_back() {
	local store=$1 session
	shift
	echo 'cd $NIX_BUILD_TOP; echo edited >edited-file; exit 5' >"$T/in"
	run nbs_on_terminal "$@" "$dir" <"$T/in"
	expect_status 5
	session=$(find "$USER_HOME" -name edited-file)
	[[ -n $session ]] || fail "no session is left"
	tool_env=()
	in_it nix-store --gc >"$T/gc" 2>&1 || fail "no garbage collection: $(<"$T/gc")"
	# shellcheck disable=SC2016
	run_in_session nbs "${session%/build/edited-file}" /bin/sh -c 'echo "$NIX_STORE $(<edited-file) $(<"$data") $(<"$out")"'
	expect_status 0
	expect_out "$store edited data half"
	run nbs clean "${session%/build/edited-file}"
	expect_status 0
	grep -q '^nix-build-shell: deleted .* ([0-9.]*[KM])$' "$T/err" || fail "no size: $(<"$T/err")"
	in_it nix-store --gc >"$T/gc" 2>&1
	grep -q '^deleting .*-bash-5.2' "$T/gc" || fail "not released: $(<"$T/gc")"
}

# Nix 2.8 moves what a build in a chroot store has begun to the machine's own store; later ones to its place.
begin_output() {
	local drv
	drv=$(sed -n "s/^error: builder for '\(.*\)' failed.*/\1/p" "$T/log")
	begun=$root$(in_it nix-store --query --outputs "$drv")
	echo half >"$begun"
}

chroot_store() {
	root=${1:-$T/root}
	a_directory "$root"
	nix_options=(--store "$root")
	fails_to_build ''
	begin_output
}

test_a_chroot_store() {
	chroot_store
	is_that_store /nix/store --store "$root"
	is_that_store /nix/store --store "local?root=$root"
	[[ $(<"$begun") == half ]] || fail "the store has changed"
	comes_back /nix/store --store "$root"
}

test_a_chroot_store_by_the_environment() {
	chroot_store
	tool_env=(NIX_REMOTE="$root")
	is_that_store /nix/store
	tool_env=(NIX_CONFIG="store = local?root=$root")
	is_that_store /nix/store
	# The command line comes first.
	run nbs --store daemon "$dir" true
	expect_status 125
	expect_err --store
}

test_without_a_word_the_message_names_the_option() {
	chroot_store
	run nbs "$dir" true
	expect_status 125
	expect_err '--store ROOT'
	no_files_below "$USER_HOME" "a session is left"
}

test_what_is_gone_comes_back_from_that_store() {
	chroot_store
	rm -rf "${root:?}$data"
	run nbs --store "$root" "$dir" true
	expect_status 125
	expect_err "$data" "nix-store --store '$root' --realise"
}

test_odd_names_of_a_root() {
	chroot_store "$T/a b,c:dé"
	is_that_store /nix/store --store "$root"
	# An overlay, too.
	mkdir "$T/programs"
	for program in env sh readlink; do ln -sf "$(type -P "$program")" "$T/programs/$program"; done
	tool_env=(PATH="$T/programs")
	# shellcheck disable=SC2016
	run nbs --store "$root" "$dir" /bin/sh -c 'echo "$(<"$data")"'
	expect_status 0
	expect_err 'whole store'
	expect_out data
	tool_env=(LC_ALL=C)
	run nbs --store "$root" "$dir" true
	expect_status 125
	expect_err 'LC_ALL=C.UTF-8'
}

test_roots_that_are_refused() {
	dir=$(kept readable)
	local name
	for name in /nonexistent ssh://host "$T" plain; do
		run nbs --store "$name" "$dir" true
		expect_status 125
		expect_err "--store $name"
	done
	mkdir -m 777 "$T/shared"
	a_directory "$T/shared/root/nix/store"
	run nbs --store "$T/shared/root" "$dir" true
	expect_status 125
	expect_err "$T/shared" 'every user can write'
	chmod 755 "$T/shared"
	[[ $EUID -eq 0 ]] || return 0
	chown 4711 "$T/shared/root/nix"
	run nbs --store "$T/shared/root" "$dir" true
	expect_status 125
	expect_err "$T/shared/root/nix" 'user 4711'
	chown 4711 "$T/shared/root/nix/store"
	ln -s shared/root "$T/link"
	run nbs --store "$T/link" "$dir" true
	expect_status 125
	expect_err "$T/shared/root/nix" 'user 4711'
}

# In /tmp Nix's own sandbox cannot show one either.
test_another_store_directory() {
	local place
	place=$(mktemp -d /var/tmp/nix-build-shell-tests.XXXXXX)
	# shellcheck disable=SC2064
	trap "chmod -R u+w '$place'; rm -rf '$place'" EXIT
	chmod 755 "$place"
	a_directory "$place"
	if [[ $WHO == root ]]; then
		# Nix kills all processes of the build user that it takes, which the other lane may have.
		mkdir "$place/var"
		ln -s /nix/var/nix/userpool "$place/var/userpool"
	fi
	nix_env=(NIX_STORE_DIR="$place/x/store" NIX_STATE_DIR="$place/var" NIX_LOG_DIR="$place/log" NIX_REMOTE=local)
	fails_to_build yes
	tool_env=("${nix_env[@]}")
	is_that_store "$place/x/store"
	tool_env=()
	run nbs "$dir" true
	expect_status 125
	expect_err '--store'
	is_that_store "$place/x/store" --store "local?store=$place/x/store&state=$place/var&log=$place/log"
	tool_env=("${nix_env[@]}")
	comes_back "$place/x/store"
}

test_store_directories_that_cannot_be() {
	local directory
	for directory in /tmp/store /proc/x relative /a/../b '/a b' /; do
		tool_env=(NIX_STORE_DIR="$directory")
		run nbs "$(kept readable)" true
		expect_status 125
		expect_err "$directory"
	done
	tool_env=(NIX_STORE_DIR=/nix//store/)
	run nbs "$(kept readable)" true
	expect_status 0
}
