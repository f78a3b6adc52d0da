# shellcheck shell=bash
# The programs that the tests and the demo run. On Debian, root gets those that are missing.

# A program, and the Debian package that brings it.
programs() {
	cat <<-END
		nix-build nix-bin
		bash-static bash-static
		busybox busybox-static
		mvn maven
		as binutils
		aarch64-linux-gnu-as binutils-aarch64-linux-gnu
		qemu-aarch64-static qemu-user-static
		shellcheck shellcheck
		shfmt shfmt
		tcc tcc
		$(uname -m)-linux-musl-gcc musl-dev
		make make
		patchelf patchelf
		mandoc mandoc
		zsh zsh
		fish fish
		tmux tmux
		script bsdutils
		keyctl keyutils
		setpriv util-linux
		unshare util-linux
		strace strace
		ps procps
		pgrep procps
		perl perl-base
		/usr/bin/jsonschema python3-jsonschema
		groupadd passwd
		debootstrap debootstrap
	END
}

# absent [PROGRAM...]: the lines of the table whose program is not here; all lines without an argument.
absent() {
	local program package
	while read -r program package; do
		if [[ $# -gt 0 && " $* " != *" $program "* ]]; then continue; fi
		command -v "$program" >/dev/null || printf '%s %s\n' "$program" "$package"
	done < <(programs)
}

can_install() { [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null; }

apt_updated=
apt_install() {
	if [[ -z $apt_updated ]]; then
		say "apt-get update"
		quietly apt-get -qq update
		apt_updated=1
	fi
	say "apt-get install $*"
	quietly env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "$@"
}

# What it prints is shown when it fails.
quietly() {
	local output
	output=$("$@" 2>&1) || die "$*: $output"
}

# The first of these packages that this Debian has.
first_available() {
	local package
	for package; do
		if apt-cache policy "$package" 2>/dev/null | grep -q '^  Candidate: [0-9]'; then
			printf '%s\n' "$package"
			return
		fi
	done
	return 1
}

# provide_programs [PROGRAM...]: those named, or all of the table.
provide_programs() {
	local lacking packages
	lacking=$(absent "$@")
	[[ -n $lacking ]] || return 0
	if can_install; then
		mapfile -t packages < <(cut -d' ' -f2 <<<"$lacking" | sort -u)
		apt_install "${packages[@]}"
		lacking=$(absent "$@")
	fi
	while read -r program package; do
		[[ -z $program ]] || missing "$program (in Debian: apt-get install $package)"
	done <<<"$lacking"
}
