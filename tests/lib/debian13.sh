# shellcheck shell=bash
# Debian 13 with its Nix 2.26, whose sandbox and whose kept directories are others than those of 2.8: a root of
# its own, with its own store and its own daemon. Made by debootstrap once for a machine, entered by
# pivot_root (in a chroot, user namespaces can't be made).

debian13_cache=/var/cache/nix-build-shell-tests

# What is in the root; another recipe makes another root. (debootstrap does not see that libdbi-perl provides
# what nix-bin's dependencies need.)
debian13_recipe() {
	cat <<-END
		suite trixie
		include nix-bin,libdbi-perl
		users 64201 64202 64203 64204
	END
}

# The Debian archive that this machine installs from.
debian_mirror() {
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' |
		sed -n 's/^Debian Debian //p' | head -n 1
}

# make_debian13 DIRECTORY
make_debian13() {
	local root=$1 mirror uid
	mirror=$(debian_mirror)
	[[ -n $mirror ]] || die "this machine's apt knows no Debian archive to make a Debian 13 from"
	mkdir -p "$root/etc/dpkg/dpkg.cfg.d"
	printf '%s\n' force-unsafe-io path-exclude=/usr/share/{doc,man,locale,info}/'*' >"$root/etc/dpkg/dpkg.cfg.d/tests"
	quietly debootstrap --variant=minbase --include="$(debian13_recipe | sed -n 's/^include //p')" \
		--keyring=/usr/share/keyrings/debian-archive-keyring.gpg trixie "$root" "$mirror"
	rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
	chroot "$root" groupadd --gid 64200 nixbld
	for uid in $(debian13_recipe | sed -n 's/^users //p'); do
		chroot "$root" useradd -K UID_MAX=65000 --uid "$uid" --no-create-home --no-user-group --gid nixbld --groups nixbld \
			--home-dir /var/empty --shell /usr/sbin/nologin "nixbld$((uid - 64200))"
	done
	mkdir -p "$root/nix" "$root/etc/nix"
}

# debian13_root: its directory in the cache; a half-made one has another name, and is begun again.
debian13_root() (
	set -e
	root=$debian13_cache/debian13-$(debian13_recipe | sha256sum | cut -c1-16)
	mkdir -p "$debian13_cache"
	exec 9>"$debian13_cache/lock"
	flock 9
	if [[ ! -e $root ]]; then
		say "making a Debian 13 with Nix 2.26 in $root"
		rm -rf "$root.new"
		(make_debian13 "$root.new") >&2 9>&-
		mv "$root.new" "$root"
	fi
	[[ $(stat -c %u "$root") -eq 0 ]] || die "$root is not root's"
	printf '%s\n' "$root"
)

# Its files that are this run's own: /etc, with the test user; /nix; /tmp, with this run's directory in it.
own_files_of_debian13() {
	local root=$1 own=$2
	mkdir -p "$own"/{mount,nix/store,nix/var,tmp}
	chmod 755 "$own" "$own"/{nix,nix/var}
	chmod 1777 "$own/tmp"
	mkdir -p "$own$SCRATCH"
	cp -a "$root/etc" "$own/etc"
	cp -R /etc/java-* "$own/etc/" 2>/dev/null || true
	printf '%s\n' 'sandbox = true' 'build-users-group = nixbld' 'substituters =' \
		'experimental-features = ca-derivations impure-derivations' >"$own/etc/nix/nix.conf"
	printf '%s:x:%s:%s::/nonexistent:/bin/sh\n' "$TEST_USER" "$(id -u "$TEST_USER")" "$(id -g "$TEST_USER")" >>"$own/etc/passwd"
	printf '%s:x:%s:\n' "$TEST_USER" "$(id -g "$TEST_USER")" >>"$own/etc/group"
	chown 0:64200 "$own/nix/store"
	chmod 1775 "$own/nix/store"
}

# Runs as the first process of the namespaces, and becomes the daemon. The PID namespace is there because Nix kills
# all processes of a build user, whose uid can be anybody's on this machine.
become_debian13() {
	local root=$1 own=$2 new=$2/mount path pid
	# This is still the old /proc, and `self` the number there.
	read -r pid _ </proc/self/stat
	echo "$pid" >"$own/pid"
	mount --bind "$root" "$new"
	for path in "$OLD_JDK" "$NEW_JDK"; do
		[[ -n $path ]] || continue
		mkdir -p "$new$path"
		mount --bind "$path" "$new$path"
	done
	mount -o remount,bind,ro "$new"
	for path in etc nix tmp; do mount --bind "$own/$path" "$new/$path"; done
	mount --bind "$SCRATCH" "$new$SCRATCH"
	mount --rbind /dev "$new/dev"
	mount -t proc proc "$new/proc"
	mount -t sysfs sysfs "$new/sys"
	mount -t cgroup2 cgroup2 "$new/sys/fs/cgroup"
	mount -t tmpfs -o mode=755 run "$new/run"
	cd "$new"
	pivot_root . .
	umount -l .
	exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 nix-daemon </dev/null
}

debian13_answers() {
	"${debian13[@]}" env -i PATH=/usr/bin:/bin NIX_REMOTE=daemon nix-store --version >/dev/null 2>&1 &&
		[[ -S $SCRATCH/debian13/nix/var/nix/daemon-socket/socket ]]
}

start_debian13() {
	local root own=$SCRATCH/debian13
	root=$(debian13_root)
	own_files_of_debian13 "$root" "$own"
	export -f become_debian13
	(
		umask 022
		# It is nobody's leftover: the test that starts it is not the only one that needs it.
		exec "${with_default_signals[@]}" -u T -u USER_HOME setsid unshare --mount --propagation private --pid --fork --kill-child \
			bash -euc 'become_debian13 "$@"' -- "$root" "$own" </dev/null >"$own/log" 2>&1
	) &
	disown
	eventually test -s "$own/pid"
	enter_namespace_of_debian13
	eventually debian13_answers || die "the nix-daemon of Debian 13 does not answer: $(tail -n 3 "$own/log")"
}

enter_namespace_of_debian13() {
	debian13=(nsenter --target "$(<"$SCRATCH/debian13/pid")" --mount --pid --root --wdns=/ --)
}

# What has been started goes with the tests.
stop_debian13() {
	if [[ -s $SCRATCH/debian13/pid ]]; then kill -KILL "$(<"$SCRATCH/debian13/pid")" 2>/dev/null || true; fi
}

# enter_debian13: from here on, nix, the tool and all that the ordinary user or root runs, run there.
enter_debian13() {
	if [[ -s $SCRATCH/debian13/pid ]]; then enter_namespace_of_debian13; else start_debian13; fi
	world=("${debian13[@]}")
	world_name=debian13-
	local path
	for path in bash-5.2 tools-1.0; do
		store_add "$SCRATCH/inputs/$path" >/dev/null
	done
}
