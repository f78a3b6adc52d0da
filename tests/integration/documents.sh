# shellcheck shell=bash
# Completions and the man page: their options are those of --help.

share=$TOP/share

# Options, one a line, each once. The sections after the options have words with dashes, too.
options() { grep -oE -- '(^|[^[:alnum:]-])--?[a-zA-Z][a-z0-9-]*' | grep -oE -- '--?[a-zA-Z].*' | sort -u; }

setup() {
	run nbs --help
	expect_status 0
	grep -E '^ +-' "$T/out" | sed -E 's/^( +-[^ ]+( --[^ ]+)?).*/\1/; s/=.*//' | options >"$T/help"
	[[ $(wc -l <"$T/help") -ge 9 ]] || fail "too few options: $(<"$T/help")"
}

# are_the_same WHAT: stdin has the options of --help.
are_the_same() {
	options >"$T/others"
	diff "$T/help" "$T/others" || fail "$1 has other options than --help (<)"
}

test_man_page() {
	setup
	mandoc -T lint -W error "$share/man/man1/nix-build-shell.1"
	mandoc -T ascii "$share/man/man1/nix-build-shell.1" | col -b >"$T/man"
	sed -n '/^OPTIONS/,/^EXIT STATUS/p' "$T/man" | grep -E '^ +-' | sed 's/=.*//' | are_the_same "the man page"
	grep -q "nix-build-shell $(nbs --version | cut -d' ' -f2)" "$T/man" || fail "the man page is another version's"
}

# completes WORD...: what bash offers for the last one.
completes() {
	bash --norc -c 'source "$0"; COMP_WORDS=(nix-build-shell "$@"); COMP_CWORD=$#
		_nix_build_shell && printf "%s\n" "${COMPREPLY[@]}"' "$share/bash-completion/completions/nix-build-shell" "$@"
}

test_bash() {
	setup
	completes - | are_the_same "bash"
	mkdir "$T/kept"
	touch "$T/x.drv" "$T/file"
	[[ $(completes "$T/ke") == "$T/kept" ]] || fail "no directory is offered"
	[[ $(completes --drv = "$T/x") == "$T/x.drv" ]] || fail "no derivation is offered"
	[[ $(completes --work-dir "$T/ke") == "$T/kept" ]] || fail "no working directory is offered"
	[[ $(completes --network h) == host ]] || fail "no network is offered"
	[[ $(completes --bin-sh n) == nix ]] || fail "no /bin/sh is offered"
	[[ $(completes las) == last ]] || fail "the newest is not offered"
	[[ -z $(completes "$T/kept" -) ]] || fail "options are offered after DIR"
	[[ $(completes docto) == doctor ]] || fail "no subcommand is offered"
	[[ $(completes list --r) == --running ]] || fail "no option of list is offered"
	[[ $(completes clean --older-than '') == '' ]] || fail "a number is not for guessing"
	offered
	[[ $(XDG_STATE_HOME=$T completes clean gree) == greeting-1.0-abcd ]] || fail "no session is offered"
	[[ $(completes list "offered-$$") == "offered-$$" ]] || fail "no ID is offered"
}

# A session below $T, and a kept directory with the ID offered-$$.
offered() {
	mkdir -p "$T/nix-build-shell/greeting-1.0-abcd"
	touch "$T/nix-build-shell/greeting-1.0-abcd/session.properties"
	dir=/tmp/nix-build-offered-$$.drv-0
	trap 'rm -r "$dir"' EXIT
	mkdir -p "$dir/.nix-build-shell"
	printf '{ "schemaVersion": "1.0",\n  "id": "offered-%s" }' "$$" >"$dir/.nix-build-shell/manifest.json"
}

test_zsh() {
	setup
	zsh -n "$share/zsh/site-functions/_nix-build-shell"
	sed -n '/^_arguments/,$p' "$share/zsh/site-functions/_nix-build-shell" | sed 's/\[[^]]*\]//; 1d; s/(- \*)//' |
		grep -oE -- "['{,]--?[a-zA-Z-]+" | are_the_same "zsh"
	offered
	# What its functions would offer; zsh itself completes on a terminal alone.
	# shellcheck disable=SC2016
	XDG_STATE_HOME=$T zsh -fc '_arguments() { : }; compadd() { print -l -- ${(P)argv[-1]} }; _alternative() { print -l -- $@ }
		source $0; _nix_build_shell_sessions; _nix_build_shell_ids; _nix_build_shell_first; kept=(); _nix_build_shell_kept' \
		"$share/zsh/site-functions/_nix-build-shell" >"$T/zsh"
	local each
	for each in greeting-1.0-abcd "offered-$$"; do
		grep -qxF "$each" "$T/zsh" || fail "$each is not offered: $(<"$T/zsh")"
	done
	grep -qE '^subcommands:.*[( ]doctor[ )]' "$T/zsh" || fail "no subcommand is offered"
}

test_phases_are_the_same() {
	local file
	# A phase's name stands in each in the order of stdenv, once for retry and once for fresh, or once for both.
	for file in "$share/bash-completion/completions/nix-build-shell" "$share/zsh/site-functions/_nix-build-shell" \
		"$share/fish/vendor_completions.d/nix-build-shell.fish"; do
		grep -oE 'unpackPhase( [a-zA-Z]+Phase)+|patchPhase( [a-zA-Z]+Phase)+' "$file"
	done | sort -u >"$T/phases"
	[[ $(wc -l <"$T/phases") -eq 1 ]] || fail "the completions know different phases: $(<"$T/phases")"
	[[ $(<"$T/phases") == 'unpackPhase patchPhase configurePhase buildPhase checkPhase installPhase fixupPhase installCheckPhase distPhase' ]] ||
		fail "other phases than stdenv's: $(<"$T/phases")"
}

test_fish() {
	setup
	# Without a file of settings, which would be written; and the user may not see the checkout.
	cp "$share/fish/vendor_completions.d/nix-build-shell.fish" "$T/"
	cd "$T"
	as_user fish --no-config -c 'source $argv[1]; complete -C "nix-build-shell -"; complete -C "nix-build-shell --"' \
		"$T/nix-build-shell.fish" >"$T/fish"
	cut -f1 "$T/fish" | are_the_same "fish"
	as_user fish --no-config -c 'source $argv[1]; complete -C "nix-build-shell list --"' "$T/nix-build-shell.fish" >"$T/fish"
	grep -q '^--running' "$T/fish" || fail "no option of list is offered"
	offered
	# shellcheck disable=SC2016
	as_user XDG_STATE_HOME="$T" fish --no-config -c 'source $argv[1]; complete -C "nix-build-shell docto"
		complete -C "nix-build-shell clean gree"; complete -C "nix-build-shell list offer"; complete -C "nix-build-shell list /tmp/nix-build-offer"' \
		"$T/nix-build-shell.fish" | cut -f1 >"$T/fish"
	printf '%s\n' doctor greeting-1.0-abcd "offered-$$" "$dir" | diff - <(sed 's|/$||' "$T/fish" | uniq) || fail "other words are offered"
}
