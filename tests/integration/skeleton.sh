# shellcheck shell=bash
# The root file system as Nix makes it: owners and modes, what lies where, what is mounted how.

setup() {
	dir=$(kept readable)
	# What belongs to uid 65534 in Nix's sandbox belongs to the build user when an ordinary user makes it.
	if [[ $WHO == root ]]; then owner=65534:65534 top=65534:100; else owner=1000:100 top=1000:100; fi
}

test_modes_and_owners() {
	setup
	run nbs "$dir" sh -c 'cd /; stat -c "%A %u:%g %n" . bin build dev dev/pts dev/pts/ptmx dev/shm etc etc/* nix nix/store proc tmp'
	diff - "$T/out" <<-END || fail "not as Nix makes it"
		drwxr-x--- $top .
		drwxr-xr-x $owner bin
		drwx------ 1000:100 build
		drwxr-xr-x $owner dev
		drwxr-xr-x 65534:65534 dev/pts
		crw-rw-rw- $owner dev/pts/ptmx
		drwxrwxrwt $owner dev/shm
		drwxr-xr-x $owner etc
		-rw-r--r-- $owner etc/group
		-rw-r--r-- $owner etc/hosts
		-rw-r--r-- $owner etc/passwd
		drwxr-xr-x $owner nix
		drwxrwxr-t $top nix/store
		dr-xr-xr-x 65534:65534 proc
		drwxrwxrwt $owner tmp
	END
	# The assignment has a device where Nix has a link.
	prints 'character special file 666 5,2' stat -c '%F %a %t,%T' /dev/ptmx
}

# A newer Nix keeps the directory one level down, and shuts /etc.
test_etc_of_a_newer_nix_is_shut() {
	setup
	mkdir -p "$T/nix-build-readable-1.0.drv-0"
	cp -a "$dir" "$T/nix-build-readable-1.0.drv-0/build"
	dir=$T/nix-build-readable-1.0.drv-0
	if [[ $EUID -eq 0 ]]; then chown 0:0 "$dir"; fi
	prints "555 $owner" stat -c '%a %u:%g' /etc
	prints $'644\n644\n644' stat -c %a /etc/group /etc/hosts /etc/passwd
}

# Everywhere but in these four the builder can do nothing, neither with the directory nor with what is in it.
test_only_four_directories_can_be_written() {
	setup
	run nbs "$dir" bash -c 'for d in / /bin /build /dev /dev/pts /dev/shm /etc /nix /nix/store /proc /tmp; do
		if mkdir $d/new 2>/dev/null; then echo $d; fi
	done
	for d in / /bin /dev /dev/pts /etc /nix /proc /etc/passwd /bin/sh /dev/null /dev/pts /proc/version; do
		if chmod 0777 $d 2>/dev/null; then echo chmod $d; fi
		if touch $d 2>/dev/null && [[ $d != /dev/null ]]; then echo touch $d; fi
	done
	for f in /etc/passwd /etc/new /bin/sh /dev/ptmx /dev/fd; do if rm $f 2>/dev/null; then echo rm $f; fi; done'
	expect_out $'/build\n/dev/shm\n/nix/store\n/tmp'
}

# How this kernel shows the size that Nix gives to /dev/shm: not at all where the memory has an even number of pages.
half_of_memory() {
	unshare --map-root-user --mount sh -ec 'mount -t tmpfs -o size=50% none /tmp; findmnt -no FS-OPTIONS /tmp' |
		grep -o ',size=[^,]*' || true
}

test_mounts_are_nixs_with_nixs_options() {
	setup
	local root device ids half
	run nbs "$dir" sh -c 'sed "s/ - / /" /proc/self/mountinfo'
	awk '$5 ~ "^/(dev/(shm|pts)|proc)$" { print $5, $6, $7, $8, $9 }' "$T/out" | sort >"$T/mounts"
	if [[ $WHO == root ]]; then ids=; else ids=,uid=$(id -u "$TEST_USER"),gid=$(id -g "$TEST_USER"); fi
	half=$(half_of_memory)
	diff - "$T/mounts" <<-END || fail "other mounts"
		/dev/pts rw,relatime devpts none rw,mode=620,ptmxmode=000
		/dev/shm rw,relatime tmpfs none rw$half$ids
		/proc rw,relatime proc none rw
	END
	root=$(awk '$5 == "/" { print $6, $7 }' "$T/out")
	if [[ $WHO == root ]]; then
		[[ $root != *tmpfs ]] || fail "the root is in memory"
	else
		[[ $root == "ro,relatime tmpfs" ]] || fail "the root is: $root"
	fi
	for device in full null random tty urandom zero; do
		diff <(findmnt -no VFS-OPTIONS -T "/dev/$device") <(awk -v d="/dev/$device" '$5 == d { print $6 }' "$T/out") ||
			fail "another mount of /dev/$device"
	done
}

# Three gigabytes in each of them stay out of memory.
test_working_directories_are_on_disk() {
	setup
	local disk
	disk=$(stat -c %d "$USER_HOME")
	# shellcheck disable=SC2016
	run nbs "$dir" sh -ec '
		in_memory() { sed -n "s/^Shmem: *\([0-9]*\) kB/\1/p" /proc/meminfo; }
		before=$(in_memory)
		mkdir "$out"
		stat -c %d /build /tmp "$out"
		fallocate -l 3221225472 /tmp/big
		fallocate -l 3221225472 "$out/big"
		[ $(($(in_memory) - before)) -lt 1000000 ] || echo in memory'
	expect_status 0
	expect_out "$disk"$'\n'"$disk"$'\n'"$disk"
}

test_session_is_its_own() {
	setup
	# pid, parent, process group, session, terminal
	prints '1 0 1 1 0' bash -c 'read -r p _ _ pp g s t _ </proc/self/stat; echo $p $pp $g $s $t'
	run nbs "$dir" sh -c ': </dev/tty'
	expect_err 'No such device or address'
}

test_pseudoterminals_of_its_own() {
	setup
	kept_with openpty
	# None of the host's is seen.
	prints ptmx ls /dev/pts
	prints '/dev/pts/0 620 1000 line' ./openpty
}

# On a terminal, the program's own is the first.
test_pseudoterminals_on_a_terminal() {
	setup
	kept_with openpty
	run nbs_on_terminal "$dir" ./openpty </dev/null
	expect_status 0
	tr -d '\r' <"$T/out" | grep -qxF '/dev/pts/1 620 1000 line' || fail "no pseudoterminal"
}
