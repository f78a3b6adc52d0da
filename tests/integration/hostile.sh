# shellcheck shell=bash
# Kept directories, and what a program leaves in a sandbox, made by an attacker: nothing outside the session is
# read or written on their account, and nothing crashes. (Of links swapped meanwhile, of 4,000 levels and of what a
# million entries cost: HostileTreeTest, TreeCostTest.)

# hostile: $dir, a kept directory of the ordinary user's that works; and $T/outside, which nothing may touch.
hostile() {
	dir=$T/nix-build-hostile-1.0.drv-0
	user_dir "$dir"
	printf 'declare -x %s="%s"\n' SHELL "$BASH_PATH/bin/bash" PATH "$TOOLS_PATH/bin:$BASH_PATH/bin" >"$dir/env-vars"
	mkdir "$T/outside"
	echo secret >"$T/outside/secret"
	touch -d 2001-01-01 "$T/outside/secret" "$T/outside"
	chmod 755 "$T/outside"
	chmod 644 "$T/outside/secret"
}

# owned: all of $dir is the ordinary user's.
owned() { if [[ $EUID -eq 0 ]]; then chown -hR "$TEST_USER:" "$dir"; fi; }

outside() { find "$T/outside" -type f -printf '%p %A@ %T@ %C@ %m %s %n\n'; }

outside_is_untouched() {
	[[ $(outside) == "$before" ]] || fail "something outside was touched"
}

no_crash() {
	if grep -aqE 'Exception|internal error|^\s+at ' "$T/err"; then fail "it crashed"; fi
	if LC_ALL=C grep -aqP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$T/err"; then fail "control characters in a message"; fi
}

remember_outside() { before=$(outside); }

# Sockets are listed, so each of these names is printed.
test_names_write_nothing_to_the_terminal() {
	hostile
	perl -MSocket -e '
		chdir $ARGV[0] or die;
		for ("\e[2J", "\e]0;title\a", "a\nnix-build-shell: all is well", "\x9b31m", "\xc2\x9b31m", "\xff\xfe", "\r\e[K", "\xe2\x80\xae",
			"n" x 107, "\x7f", "tab\t", "..\\", "-rf") {
			socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die; bind($s, sockaddr_un($_)) or die "$_: $!"; push @all, $s;
		}
		mkdir("x" x 255) or die; mkdir(("x" x 255) . "/" . ("\e" x 255)) or die' "$dir"
	owned
	run nbs -vv "$dir" sh -c 'ls | wc -l'
	expect_status 0
	no_crash
	expect_out 2
	[[ $(grep -c '^nix-build-shell: not copied: .*: a socket$' "$T/err") -eq 13 ]] || fail "each is one line"
	if grep -aqP '\xe2\x80\xae' "$T/err"; then fail "the writing direction is changed"; fi
}

test_special_files_and_links_out() {
	hostile
	mkdir -p "$dir/d/shut"
	ln -s "$T/outside" "$dir/d/link"
	ln -s "$T/outside/secret" "$dir/d/file-link"
	ln -s ../../../../../../../../../../etc "$dir/d/dots"
	mkfifo "$dir/d/fifo"
	truncate -s 1T "$dir/d/sparse"
	cp "$TOOLS_PATH/bin/busybox" "$dir/d/set-id"
	touch "$dir/d/..." "$dir/d/.. "
	owned
	chmod 6755 "$dir/d/set-id"
	if [[ $EUID -eq 0 ]]; then
		mknod -m 666 "$dir/d/zero" c 1 5
		setcap cap_net_raw+ep "$dir/d/set-id"
		chmod 6755 "$dir/d/set-id"
		ln "$T/outside/secret" "$dir/d/hard"
		chmod 600 "$dir/d/hard"
	fi
	chmod 0 "$dir/d/shut"
	remember_outside
	# shellcheck disable=SC2016
	run nbs "$dir" sh -c 'cd d; cat hard zero link/* file-link 2>/dev/null
		stat -c "%a %s %n" set-id sparse; test -p fifo && stat -c %b sparse; stat -c %h set-id; test -d shut && readlink link && readlink dots'
	expect_status 0
	no_crash
	expect_out "755 $(stat -c %s "$dir/d/set-id") set-id
644 1099511627776 sparse
0
1
$T/outside
../../../../../../../../../../etc"
	[[ $EUID -ne 0 ]] || expect_err 'd/zero: a character device' 'd/hard: '
	outside_is_untouched
}

# The kernel's own word on what was opened: -y names the file behind each descriptor.
test_nothing_outside_is_opened() {
	hostile
	mkdir "$dir/d"
	ln -s "$T/outside" "$dir/d/link"
	ln -s "$T/outside/secret" "$dir/d/file-link"
	ln -s "$T/outside" "$dir/.nix-build-shell"
	owned
	remember_outside
	run traced "$dir" true
	expect_status 0
	no_crash
	grep -q "</[^>]*$dir/d>\|<$dir/d>" "$T/trace" || fail "the trace shows nothing"
	if grep -aE "= [0-9]+<$T/outside" "$T/trace"; then fail "it was opened"; fi
	outside_is_untouched
}

traced() {
	install -m 666 /dev/null "$T/trace"
	# shellcheck disable=SC2097,SC2098
	(TOOL=strace nbs_exec -f -y -qq -e trace=openat,open,getdents64,execve -o "$T/trace" "$TOOL" "$@")
}

# To tell which build left a directory, neither its tree is walked nor those of the others, and no directory is read to
# the end: a hundred thousand files cost no more than a few.
test_no_tree_is_walked() {
	local each
	dir=$T/builds
	for each in "$dir"/nix-1-{1,2}; do
		mkdir -p "$each/build/tree/deep"
		(cd "$each/build" && seq 3000 | xargs touch)
	done
	owned
	tool_env=(TMPDIR="$dir")
	run traced --explain last true
	grep -q "<$dir/nix-1-2/build>" "$T/trace" || fail "the trace shows nothing"
	if grep -aE "<$dir/[^>]*/tree" "$T/trace"; then fail "it was opened"; fi
	if grep -aE "getdents64.*<$dir/[^>]*/build>.* = 0$" "$T/trace"; then fail "it was read to the end"; fi
}

# crafted USER: $dir of this user's, which fits the log of a fixed-output build by its birth and its end; the build has
# left no directory.
crafted() {
	local arguments drv=$T/drv log top=$T/$1
	mapfile -d '' arguments < <(selected fixed "$T $RANDOM")
	drv=$(as_user nix-instantiate "${arguments[@]}" 2>/dev/null)
	log=${drv##*/}
	log=/nix/var/log/nix/drvs/${log::2}/${log:2}.bz2
	rm -rf "$top"
	TEST_USER=$1 user_dir "$top"
	# shellcheck disable=SC2016
	TEST_USER=$1 as_user NIX_REMOTE=daemon bash -c '
		cd "$1"
		nix-store --realise "$2" >/dev/null 2>&1 &
		until [[ -e $3 ]]; do mkdir nix-1-$((++last)); done
		wait
		while [[ $(stat -c %w nix-1-$last) > $(stat -c %w "$3") ]]; do rmdir nix-1-$((last--)); done
		mv nix-1-$last kept && rmdir nix-1-* && mv kept nix-1-1
		printf "declare -x %s=\"%s\"\n" SHELL "$4" PATH "$5" NIX_OUTPUT_CHECKED 1 >nix-1-1/env-vars
		chmod 755 nix-1-1' - "$top" "$drv" "$log" "$BASH_PATH/bin/bash" "$TOOLS_PATH/bin"
	dir=$top/nix-1-1
}

has_the_hosts_network() {
	run nbs -v "$dir" readlink /proc/self/ns/net
	[[ $status -eq 0 && $(<"$T/out") == "$(readlink /proc/self/ns/net)" ]]
}

crafted_by_the_caller_has_the_hosts_network() {
	crafted "$TEST_USER"
	has_the_hosts_network
}

# With the same times, the caller's own directory has the network and an attacker's has none.
test_a_directory_that_fits_a_log_opens_no_network() {
	if [[ $EUID -ne 0 ]] || ! getent passwd games >/dev/null; then skip "only root can be another user"; fi
	patience=60 eventually crafted_by_the_caller_has_the_hosts_network || fail "no directory fits a log"
	crafted games
	if has_the_hosts_network; then fail "it is opened"; fi
	expect_status 0
	expect_err "-fixed-1.0.drv (from the build log's time)" 'the build seems to have had the host' '--network host'
}

# By another user all the time: made, deleted, moved, shut.
test_changing_all_the_time() {
	hostile
	owned
	perl -e '
		chdir $ARGV[0] or die;
		for (my $n = 0;; $n = ($n + 1) % 50) {
			mkdir "c$n"; mkdir "c$n/d"; open(my $f, ">", "c$n/d/f"); print $f "x" x 100000; close $f;
			rename "c$n/d", "moved$n"; rename "c$n", "moved$n/c"; chmod 0, "moved" . ($n + 5) % 50;
			my $old = ($n + 25) % 50;
			chmod 0700, "moved$old"; unlink "moved$old/f"; rmdir "moved$old/c"; rmdir "moved$old";
		}' "$dir" &
	local changer=$! i
	for i in {1..3}; do
		run nbs "$dir" true
		[[ $status -eq 0 || $status -eq 125 ]] || fail "status $status"
		no_crash
	done
	kill "$changer"
}

test_vanishes_meanwhile() {
	hostile
	mkdir "$dir/many"
	(cd "$dir/many" && seq 3000 | xargs touch)
	owned
	run_in_background
	eventually copy_has_begun || fail "no copy"
	rm -rf "$dir"
	wait "$tool" || status=$?
	# 127: env-vars was gone too, so there is no PATH.
	[[ $status -eq 0 || $status -eq 125 || $status -eq 127 ]] || fail "status $status"
	no_crash
}

run_in_background() {
	status=0
	nbs_exec "$dir" true >"$T/out" 2>"$T/err" &
	tool=$!
}
copy_has_begun() { [[ -n $(find "$USER_HOME" -path '*/build/*' -print -quit 2>/dev/null) ]]; }

# What of the system looks like no build is taken for none, whatever its times are.
test_directories_that_are_no_builds() {
	local start=$SECONDS
	for dir in / /dev /proc /proc/self /sys /nix /nix/store /tmp "$USER_HOME/.."; do
		touch -d 2001-01-01 "$T/outside" 2>/dev/null || true
		run nbs "$dir" true
		expect_status 125
		no_crash
	done
	[[ $((SECONDS - start)) -lt 50 ]] || fail "it read them all"
}

# A program leaves what is hard to delete, and tries to lead the cleaner out.
test_what_a_program_leaves() {
	hostile
	mkdir -p "$dir/deep/d"
	owned
	remember_outside
	# shellcheck disable=SC2016
	run nbs "$dir" sh -c '
		for d in /build /tmp /nix/store; do
			mkdir $d/x && cd $d/x || exit 9
			ln -s "$0" out; ln -s / root; ln -s ../../../../../../../.. dots; mkfifo p
			mkdir -p a/b/c; ln -s "$0" a/b/c/l; chmod 0 a/b/c a/b a
			i=0; while [ $i -lt 2000 ]; do : >f$i; i=$((i + 1)); done
			mkdir m; unshare -Ur -m mount --bind / m 2>/dev/null
			chmod 0 $d/x
		done; chmod 0 /build/deep; exit 7' "$T/outside"
	expect_status 7
	no_crash
	# Its derivation is of no store; about what was left there is no word.
	expect_err 'the whole store is shown'
	[[ $(wc -l <"$T/err") == 1 ]] || fail "more than one line"
	eventually nothing_below "$USER_HOME" || no_files_below "$USER_HOME" "left behind"
	outside_is_untouched
}
