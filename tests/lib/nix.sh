# shellcheck shell=bash
# A multi-user Nix with a sandbox. One that is already set up is used as it is; on a Debian without any,
# root sets one up as Nix's installer would: build users, /etc/nix/nix.conf, a running nix-daemon. A
# nix.conf that the tests did not write is never changed, but its daemon is started: check_nix says what is wrong with it.

nix_conf=/etc/nix/nix.conf
nix_marker='# Written by the tests of nix-build-shell.'

# Whatever the version: adding a file needs the daemon.
daemon_answers() {
	local file=$1/hello
	echo hello >"$file"
	chmod 644 "$file"
	as_user NIX_REMOTE=daemon nix-store --add "$file" >/dev/null 2>&1
}

# More than the clients of tests/integration/matching.sh build with at once: root's tests in the other lane need some as well.
make_build_users() {
	local i
	getent group nixbld >/dev/null || groupadd --system nixbld
	for i in {1..20}; do
		getent passwd "nixbld$i" >/dev/null || useradd --system --no-create-home --no-user-group \
			--gid nixbld --groups nixbld --home-dir /var/empty --comment "Nix build user $i" \
			--shell "$(command -v nologin)" "nixbld$i"
	done
}

write_nix_conf() {
	mkdir -p "${nix_conf%/*}"
	cat >"$nix_conf" <<-END
		$nix_marker
		sandbox = true
		build-users-group = nixbld
		substituters =
		experimental-features = nix-command flakes
	END
}

start_daemon() {
	local log=/var/log/nix-build-shell-tests-daemon.log
	say "starting nix-daemon (log: $log)"
	(umask 022 && mkdir -p /nix/var/nix/daemon-socket)
	(
		umask 022
		# It outlives these tests.
		unset CI NIX_REMOTE SCRATCH
		exec setsid "${with_default_signals[@]}" nix-daemon </dev/null >>"$log" 2>&1
	) &
	disown
}

# provide_nix SCRATCH: SCRATCH is an existing directory that the ordinary user can look into.
provide_nix() {
	if daemon_answers "$1"; then
		return
	elif [[ $EUID -ne 0 ]]; then
		die "no nix-daemon answers, and only root can set one up: run this as root, or install a multi-user Nix"
	elif ! command -v apt-get >/dev/null; then
		die "no nix-daemon answers: start this machine's nix-daemon"
	fi
	if [[ ! -e $nix_conf || $(head -n 1 "$nix_conf") == "$nix_marker" ]]; then
		make_build_users
		write_nix_conf
	fi
	start_daemon
	local i
	for ((i = 0; i < 50; i++)); do
		if daemon_answers "$1"; then return; fi
		sleep 0.1
	done
	die "the nix-daemon that was started does not answer (its log: /var/log/nix-build-shell-tests-daemon.log; its configuration: $nix_conf)"
}

# A build inherits the signals that its daemon ignores, but for SIGPIPE.
deaf_daemon() {
	pgrep -x --ns "$$" --nslist pid nix-daemon | sed 's|.*|/proc/&/status|' | xargs -r grep -sLE '^SigIgn:.0*(1000)?$' | grep -q .
}

# A build tells best whether this Nix isolates builds: it must run elsewhere and as another user.
check_nix() {
	local kept
	! deaf_daemon || missing "a nix-daemon that ignores no signals, as this one was started: builds differ in that from the sandbox"
	say "checking the nix-daemon by a build"
	kept=$(build_and_keep readable check) || exit
	if ! grep -q 'NIX_BUILD_TOP="/build"' "$kept/env-vars"; then
		die "this Nix builds without a sandbox: set 'sandbox = true' in $nix_conf and restart the nix-daemon"
	elif [[ $(stat -c %U "$kept") == "$TEST_USER" ]]; then
		die "this Nix builds as the caller: these tests need a multi-user Nix (build-users-group, nix-daemon)"
	fi
}
