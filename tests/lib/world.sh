# shellcheck shell=bash
# Worlds: Debians whose Nix keeps other directories and makes another sandbox than this machine's. Each is a root with
# its own store and its own daemon, made by debootstrap once for a machine, and entered by pivot_root (in a chroot,
# user namespaces can't be made).

world_cache=/var/cache/nix-build-shell-tests

# world_recipe WORLD: what is in the root; another recipe makes another root. The build users' uids follow `group`, and
# no other world of this machine has them: Nix kills every process of a build user, in whatever root. (debootstrap does
# not see that libdbi-perl provides what nix-bin's dependencies need.)
world_recipe() {
	case $1 in
	debian13) printf '%s\n' 'nix 2.26' 'suite trixie' 'group 64200' ;;
	sid) printf '%s\n' 'nix 2.34 or newer' 'suite sid' 'group 64300' ;;
	esac
	printf '%s\n' 'include nix-bin,libdbi-perl' 'users 16'
}

# in_recipe WORLD WORD: its value.
in_recipe() { world_recipe "$1" | sed -n "s/^$2 //p"; }

# The Debian archive that this machine installs from.
debian_mirror() {
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' |
		sed -n 's/^Debian Debian //p' | head -n 1
}

# make_world WORLD DIRECTORY
make_world() {
	local root=$2 mirror
	mirror=$(debian_mirror)
	[[ -n $mirror ]] || die "this machine's apt knows no Debian archive to make the world $1 from"
	mkdir -p "$root/etc/dpkg/dpkg.cfg.d"
	printf '%s\n' force-unsafe-io path-exclude=/usr/share/{doc,man,locale,info}/'*' >"$root/etc/dpkg/dpkg.cfg.d/tests"
	# It mounts a procfs in the root for a while, which the tests of a masked /proc would take for this machine's own.
	quietly unshare --mount --propagation private debootstrap --variant=minbase --include="$(in_recipe "$1" include)" \
		--keyring=/usr/share/keyrings/debian-archive-keyring.gpg "$(in_recipe "$1" suite)" "$root" "$mirror"
	rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
	make_build_users_of_world "$1" "$root"
	mkdir -p "$root/nix" "$root/etc/nix"
}

make_build_users_of_world() {
	local root=$2 group i
	group=$(in_recipe "$1" group)
	chroot "$root" groupadd --gid "$group" nixbld
	for ((i = 1; i <= $(in_recipe "$1" users); i++)); do
		chroot "$root" useradd -K UID_MAX=65000 --uid "$((group + i))" --no-create-home --no-user-group --gid nixbld \
			--groups nixbld --home-dir /var/empty --shell /usr/sbin/nologin "nixbld$i"
	done
}

# world_root WORLD: its directory in the cache; a half-made one has another name, and is begun again.
world_root() (
	set -e
	root=$world_cache/$1-$(world_recipe "$1" | sha256sum | cut -c1-16)
	mkdir -p "$world_cache"
	exec 9>"$root.lock"
	flock 9
	if [[ ! -e $root ]]; then
		say "making the world $1, with Nix $(in_recipe "$1" nix), in $root"
		rm -rf "$root.new"
		(make_world "$1" "$root.new") >&2 9>&-
		mv "$root.new" "$root"
	fi
	[[ $(stat -c %u "$root") -eq 0 ]] || die "$root is not root's"
	printf '%s\n' "$root"
)

# own_files_of_world WORLD ROOT OWN: the files that are this run's own: /etc, with the test user; /nix; /tmp, with
# this run's directory in it. (Without its socket's directory, the daemon of 2.34 connects to itself, and forks
# without end.)
own_files_of_world() {
	local root=$2 own=$3
	mkdir -p "$own"/{mount,nix/store,nix/var/nix/daemon-socket,tmp}
	chmod 755 "$own" "$own"/nix{,/var,/var/nix,/var/nix/daemon-socket}
	chmod 1777 "$own/tmp"
	mkdir -p "$own$SCRATCH"
	cp -a "$root/etc" "$own/etc"
	cp -R /etc/java-* "$own/etc/" 2>/dev/null || true
	printf '%s\n' 'sandbox = true' 'build-users-group = nixbld' 'substituters =' \
		'experimental-features = ca-derivations impure-derivations' >"$own/etc/nix/nix.conf"
	printf '%s:x:%s:%s::/nonexistent:/bin/sh\n' "$TEST_USER" "$(id -u "$TEST_USER")" "$(id -g "$TEST_USER")" >>"$own/etc/passwd"
	printf '%s:x:%s:\n' "$TEST_USER" "$(id -g "$TEST_USER")" >>"$own/etc/group"
	chown "0:$(in_recipe "$1" group)" "$own/nix/store"
	chmod 1775 "$own/nix/store"
}

# Runs as the first process of the namespaces, and becomes the daemon. The PID namespace is there because Nix kills
# all processes of a build user, whose uid can be anybody's on this machine.
become_world() {
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

# enter_namespaces OWN: from here on, commands run there.
enter_namespaces() { world=(nsenter --target "$(<"$1/pid")" --mount --pid --root --wdns=/ --); }

world_answers() {
	"${world[@]}" env -i PATH=/usr/bin:/bin NIX_REMOTE=daemon nix-store --version >/dev/null 2>&1 &&
		[[ -S $1/nix/var/nix/daemon-socket/socket ]]
}

# start_world WORLD OWN LOCK: the daemon does not hold the lock, a descriptor.
start_world() {
	local root own=$2 lock=$3
	root=$(world_root "$1")
	own_files_of_world "$1" "$root" "$own"
	export -f become_world
	(
		umask 022
		exec {lock}>&-
		# It is nobody's leftover: the test that starts it is not the only one that needs it.
		exec "${with_default_signals[@]}" -u T -u USER_HOME setsid unshare --mount --propagation private --pid --fork --kill-child \
			bash -euc 'become_world "$@"' -- "$root" "$own" </dev/null >"$own/log" 2>&1
	) &
	disown
	eventually test -s "$own/pid"
	enter_namespaces "$own"
	eventually world_answers "$own" || die "the nix-daemon of $1 does not answer: $(tail -n 3 "$own/log")"
}

# What has been started goes with the tests.
stop_worlds() {
	local pid
	for pid in "$SCRATCH"/*/pid; do
		if [[ -s $pid ]]; then kill -KILL "$(<"$pid")" 2>/dev/null || true; fi
	done
}

# enter_world debian13|sid: from here on, nix, the tool and all that the ordinary user or root runs, run there; the
# world's files of this run are in $world_files.
enter_world() {
	local lock path
	if [[ $EUID -ne 0 ]] || ! command -v debootstrap apt-get >/dev/null; then
		skip "only root of a Debian can make a Debian to run Nix $(in_recipe "$1" nix) in"
	fi
	world_files=$SCRATCH/$1
	# Both lanes can come here first.
	exec {lock}>"$world_files.lock"
	flock "$lock"
	if [[ -s $world_files/pid ]]; then enter_namespaces "$world_files"; else start_world "$1" "$world_files" "$lock"; fi
	exec {lock}>&-
	world_name=$1-
	for path in bash-5.2 tools-1.0; do
		store_add "$SCRATCH/inputs/$path" >/dev/null
	done
}
