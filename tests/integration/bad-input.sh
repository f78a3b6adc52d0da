# shellcheck shell=bash
# Bad input: a message that names the path and the reason, status 125 (usage errors 2), nothing changed.

# refused PATH REASON [OPTION...]: DIR=$dir is refused; PATH is named, and REASON (an extended regular
# expression) is said.
refused() {
	local path=$1 reason=$2
	shift 2
	run nbs "$@" "$dir" touch /build/ran
	expect_status 125
	expect_err "$path"
	grep -qiE -e "$reason" "$T/err" || fail "the reason is not said: $reason"
	[[ ! -s $T/out ]] || fail "something on stdout"
	if grep -qE 'Exception|^\s+at ' "$T/err"; then fail "a stack trace"; fi
	no_files_below "$USER_HOME" "left something in the home directory"
}

# crafted [ENV_VARS]: a directory of the caller's own, with this text as env-vars.
crafted() {
	dir=$T/crafted
	rm -rf "$dir"
	user_dir "$dir"
	# Long ago: no build's log fits.
	echo content >"$dir/file"
	if [[ $# -gt 0 ]]; then
		printf '%s\n' "$1" >"$dir/env-vars"
		chmod 644 "$dir/env-vars"
	fi
}

test_directory_that_is_none() {
	dir=$T/nowhere
	refused "$dir" 'no such|not exist|missing'
	dir=$T/file
	echo x >"$dir"
	refused "$dir" 'not a directory'
	dir=$T/file/below
	refused "$dir" 'not a directory|no such|not exist'
	dir=''
	refused "''" 'no such|not exist|empty'
	dir=$T/link
	ln -s loop "$T/loop"
	ln -s loop "$dir"
	refused "$dir" 'symbolic link|loop|no such|not exist'
}

# What people give instead of a kept directory.
test_directory_that_is_something_else() {
	local kept drv valid
	kept=$(kept readable)
	valid=$(printf 'declare -x %s="%s"\n' SHELL "$BASH_PATH/bin/bash" PATH "$TOOLS_PATH/bin")
	# nix-shell leaves an env-vars in /tmp; a copy of /tmp is no use.
	crafted "$valid"
	refused "$dir" 'does not look like a directory that Nix kept'
	drv=$(drv_of readable)
	run nbs --drv "$drv" "$dir" cat file
	expect_status 0
	expect_out content
	run nbs "$drv" pwd
	expect_status 0
	expect_err "the newest kept failure of $drv is $kept"
	dir=$(as_user nix-instantiate -E "import $SCRATCH/fixtures/failures.nix { bash = \"$BASH_PATH\"; tools = \"$TOOLS_PATH\"; salt = \"$T\"; }" \
		-A readable 2>/dev/null)
	refused "$dir" 'it is a derivation of which no kept failure is found'
	expect_err "nix-store --realise --keep-failed $dir" "nix-build-shell fresh $dir" "  $kept"
	dir=$BASH_PATH/bin
	refused "$dir" 'lies in the store'
	dir='nixpkgs#hello'
	refused "$dir" 'flake reference'
	expect_err "nix build --keep-failed 'nixpkgs#hello'"
	dir=$kept/readable-1.0
	refused "$dir" 'lies in a directory that Nix kept'
	expect_err "Try: nix-build-shell $kept"
	dir=$kept/env-vars
	refused "$dir" 'regular file'
	expect_err "Try: nix-build-shell $kept"
	dir=$T/nix-build-gone-1.0.drv-0
	refused "$dir" 'ENOENT'
	expect_err 'the newest kept failures are:' "$(tmpfiles_rule)"
}

# The rule of this host that empties /tmp or lets it age; or what is said in any case.
tmpfiles_rule() {
	local file
	for file in /etc/tmpfiles.d/tmp.conf /run/tmpfiles.d/tmp.conf /usr/lib/tmpfiles.d/tmp.conf; do
		if [[ -e $file ]]; then
			sed -n "s|^D /tmp .*|  $file: &|p" "$file"
			return
		fi
	done
}

# drv_of NAME: the derivation of a fixture.
drv_of() {
	local arguments
	mapfile -d '' arguments < <(selected "$1" "$SCRATCH ${LANE:-}")
	as_user nix-instantiate "${arguments[@]}" 2>/dev/null
}

test_directory_that_cannot_be_read() {
	crafted x
	chmod 0 "$dir"
	refused "$dir" 'denied|not readable|cannot read|unreadable'
	chmod 311 "$dir"
	refused "$dir" 'denied|not readable|cannot read|unreadable'
}

test_directory_that_is_empty() {
	dir=$T/empty
	user_dir "$dir"
	refused "$dir" 'empty|env-vars'
}

test_neither_env_vars_nor_derivation() {
	crafted
	refused "$dir" '--drv'
	expect_err env-vars
}

test_env_vars_that_is_no_file() {
	crafted
	mkfifo "$dir/env-vars"
	chmod 644 "$dir/env-vars"
	refused "$dir/env-vars" 'regular file|fifo|pipe'
	rm "$dir/env-vars"
	mkdir "$dir/env-vars"
	refused "$dir/env-vars" 'regular file|directory'
	rmdir "$dir/env-vars"
	cp "$(kept readable)/env-vars" "$T/elsewhere"
	chmod 644 "$T/elsewhere"
	ln -s "$T/elsewhere" "$dir/env-vars"
	refused "$dir/env-vars" 'regular file|link'
	rm "$dir/env-vars"
	ln -s /dev/zero "$dir/env-vars"
	refused "$dir/env-vars" 'regular file|link'
	rm "$dir/env-vars"
	[[ $EUID -eq 0 ]] || skip "only root can make a device"
	mknod -m 666 "$dir/env-vars" c 1 5
	refused "$dir/env-vars" 'regular file|device'
}

test_env_vars_of_10_gigabytes() {
	crafted "declare -x SHELL=\"$BASH_PATH/bin/bash\""
	truncate -s 10G "$dir/env-vars"
	refused "$dir/env-vars" 'large|big|bytes|limit'
}

# (What else is refused: ReconstructionTest, EnvVarsTest, StorePathTest.)
test_env_vars_without_a_shell() {
	local text
	for text in '' 'garbage "'; do
		crafted "$text"
		refused "$dir" 'env-vars.*(SHELL|malformed)'
	done
}

test_shell_that_is_no_store_path() {
	local shell
	for shell in /bin/sh "$BASH_PATH/../../../bin/sh"; do
		crafted "declare -x SHELL=\"$shell\""
		refused "$dir/env-vars" SHELL
	done
}

test_shell_that_is_gone() {
	local gone=/nix/store/00000000000000000000000000000000-bash-5.2
	crafted "declare -x SHELL=\"$gone/bin/bash\""
	refused "$gone" 'nix-store|nix build|realise'
}

test_shell_that_cannot_be_executed() {
	local file=$T/no-shell shell
	echo x >"$file"
	chmod 644 "$file"
	shell=$(as_user NIX_REMOTE=daemon nix-store --add "$file")
	crafted "declare -x SHELL=\"$shell\""
	refused "$shell" 'executable|denied|SHELL'
}

test_drv_that_is_none() {
	local drv
	crafted
	for drv in "$T/nowhere.drv" /etc/passwd "$BASH_PATH" /nix/store/00000000000000000000000000000000-x.drv; do
		refused "$drv" . --drv "$drv"
	done
	printf 'Derive([(' >"$T/bad.drv"
	chmod 644 "$T/bad.drv"
	refused "$T/bad.drv" . --drv "$T/bad.drv"
}

# used_wrongly ARGS...
used_wrongly() {
	run nbs "$@"
	expect_status 2
	[[ -s $T/err && ! -s $T/out ]] || fail "a usage error is said on stderr"
	if grep -qE 'Exception|^\s+at ' "$T/err"; then fail "a stack trace"; fi
}

test_usage_errors() {
	used_wrongly
	used_wrongly --no-such-option "$T"
	used_wrongly -x "$T"
	used_wrongly --drv
	used_wrongly --work-dir
	used_wrongly -v
}
