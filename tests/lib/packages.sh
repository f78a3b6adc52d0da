# shellcheck shell=bash
# The programs that the tests and the demo run. On Debian, root gets those that are missing.

# A program, the Debian package that brings it, and what needs it: every run, the unit tests, the checks of style, or
# those tests alone whose line in tests/table names the package.
programs() {
	cat <<-END
		nix-build nix-bin every
		bash-static bash-static every
		busybox busybox-static every
		mvn maven every
		script bsdutils every
		setpriv util-linux every
		unshare util-linux every
		ps procps every
		pgrep procps every
		perl perl-base every
		groupadd passwd every
		as binutils units
		patch patch units
		aarch64-linux-gnu-as binutils-aarch64-linux-gnu units
		qemu-aarch64-static qemu-user-static units
		shellcheck shellcheck style
		shfmt shfmt style
		tcc tcc
		$(uname -m)-linux-musl-gcc musl-dev
		make make
		patchelf patchelf
		mandoc mandoc
		zsh zsh
		fish fish
		tmux tmux
		keyctl keyutils
		strace strace
		sudo sudo
		/usr/bin/jsonschema python3-jsonschema
		debootstrap debootstrap
		/usr/lib/bash/mkdir bash-builtins
	END
}

# absent [WORD...]: the lines of the table that have one of these words, and whose program is not here; without a word, of
# all.
absent() {
	local program package use word
	for word; do
		[[ " $(programs | tr '\n' ' ') " == *" $word "* ]] || die "$word is no program or package of tests/lib/packages.sh"
	done
	while read -r program package use; do
		for word in "${@:-$program}"; do
			if [[ " $program $package $use " == *" $word "* ]] && ! command -v "$program" >/dev/null; then
				printf '%s %s\n' "$program" "$package"
			fi
		done
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

# quietly COMMAND...: its output is shown when it fails. When it takes long, its latest line is shown every ten seconds.
quietly() {
	local log pid
	log=$(mktemp "$SCRATCH/quietly.XXXX")
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	while ! timeout 10 tail -s 0.1 --pid="$pid" -f /dev/null; do
		# Maven's frame of dashes and brackets says nothing.
		say "... $(sed -e 's/^\[INFO\] //' -e '/^-/d' -e '/^ *$/d' "$log" | tail -n 1 | cut -c1-100)"
	done
	wait "$pid" || die "$*: $(tail -n 200 "$log")"
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

# provide_programs [WORD...]: those of the table with one of these words, or all.
provide_programs() {
	local lacking packages
	lacking=$(absent "$@") || exit
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
