# shellcheck shell=bash
# The network: the host's for fixed-output derivations and on demand, else none.

# A server on the host's loopback, at $port.
setup() {
	# shellcheck disable=SC2016
	perl -MIO::Socket::INET -e '
		$| = 1;
		$server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 5) or die "$@";
		print $server->sockport, "\n";
		while ($client = $server->accept) { print $client "hello from the host\n"; close $client }' >"$T/port" &
	trap 'kill "$!"' EXIT
	eventually test -s "$T/port" || fail "no server"
	port=$(<"$T/port")
}

# reaches OPTION...: the server, from the sandbox of $dir.
reaches() {
	run nbs "$@" "$dir" nc -w 5 127.0.0.1 "$port"
	expect_status 0
	expect_out "hello from the host"
}

does_not_reach() {
	run nbs "$@" "$dir" nc -w 5 127.0.0.1 "$port"
	expect_status 1
	expect_out ''
	expect_err refused
	run nbs "$@" "$dir" sh -c 'sed -n "s/^ *\([a-z0-9]*\):.*/\1/p" /proc/net/dev'
	expect_out lo
}

# changed_copy NAME: a kept directory that no log confirms any more.
changed_copy() {
	local kept
	kept=$(kept "$1")
	dir=$T/nix-build-$2.drv-0
	user_dir "$dir"
	sleep 1.1
	cp -R "$kept/." "$dir/"
	if [[ $WHO == root ]]; then chown -R --reference="$kept" "$dir"; fi
	chmod a+rX "$dir"
}

test_fixed_output_has_the_hosts() {
	setup
	local name
	for name in fixed fixedReadable; do
		dir=$(kept "$name")
		reaches
		expect_err "the network is the host's"
		run nbs "$dir" sh -c 'readlink /proc/self/ns/net'
		expect_out "$(readlink /proc/self/ns/net)"
		run nbs "$dir" ip link set lo down
		expect_status 2
		expect_err 'not permitted'
	done
}

test_none_closes_it() {
	setup
	dir=$(kept fixed)
	run nbs --network none "$dir" nc -w 5 127.0.0.1 "$port"
	expect_status 1
	if grep -F 'the network is' "$T/err"; then fail "said to be the host's"; fi
	run nbs --network=none "$dir" ls -A /etc
	expect_out $'group\nhosts\npasswd'
}

test_others_have_none_but_on_demand() {
	setup
	dir=$(kept readable)
	does_not_reach
	reaches --network host
	expect_empty_err
}

# Every user can make a directory with any name and content, and name any derivation.
test_a_directory_alone_opens_nothing() {
	setup
	changed_copy fixedReadable fixed-readable-1.0
	does_not_reach
	expect_err 'seems to have had the host' 'nothing but the directory' '--network host'
	reaches --network host
	reaches --drv "$(drv_of fixedReadable)"
	rm "$dir/env-vars"
	mkdir "$dir/.nix-build-shell"
	printf '{"schemaVersion": "1.0", "fixedOutput": true, "sandboxed": true}\n' >"$dir/.nix-build-shell/manifest.json"
	does_not_reach --drv "$(drv_of readable)"
	changed_copy readable readable-1.0
	echo 'declare -x NIX_OUTPUT_CHECKED="1"' >>"$dir/env-vars"
	does_not_reach
}

# drv_of NAME [SALT]: the derivation of a fixture, of a shared one without a salt.
drv_of() {
	local arguments
	mapfile -d '' arguments < <(selected "$1" "$SCRATCH ${2-${LANE:-}}")
	as_user nix-instantiate "${arguments[@]}" 2>/dev/null
}

test_files_in_etc() {
	local file
	dir=$(kept fixed)
	run nbs "$dir" ls -A /etc
	{
		printf '%s\n' group nsswitch.conf passwd
		for file in hosts resolv.conf services; do [[ ! -f /etc/$file ]] || echo "$file"; done
	} | sort | diff - "$T/out" || fail "other files in /etc"
	prints $'hosts: files dns\nservices: files' cat /etc/nsswitch.conf
	for file in hosts resolv.conf services; do
		[[ -f /etc/$file ]] || continue
		run nbs "$dir" cat "/etc/$file"
		cmp "/etc/$file" "$T/out" || fail "another $file"
		prints ro sh -c 'sed -n "s|^[^ ]* [^ ]* [^ ]* [^ ]* $1 \(r[ow]\)[, ].*|\1|p" /proc/self/mountinfo' -- "/etc/$file"
	done
}

# A resolv.conf that is a link into /run, and files that are not there.
test_other_files_in_etc() {
	[[ $EUID -eq 0 ]] || skip "only root can give a test another /etc"
	local etc=$T/etc
	dir=$(kept fixed)
	cp -R /etc "$etc"
	rm -f "$etc/resolv.conf" "$etc/services"
	mkdir "$T/run"
	echo 'nameserver 192.0.2.53' >"$T/run/resolv"
	ln -s "../$T/run/resolv" "$etc/resolv.conf"
	export -f nbs nbs_exec user_exec root_exec
	run unshare --mount --propagation private bash -c '
		tool_env=()
		mount --bind "$2" /etc
		nbs "$1" sh -c "ls -A /etc; cat /etc/resolv.conf"' -- "$dir" "$etc"
	expect_status 0
	expect_out $'group\nhosts\nnsswitch.conf\npasswd\nresolv.conf\nnameserver 192.0.2.53'
}

# Since 2.16 Nix shows the certificates too; of which a directory in a directory is a sign.
test_certificates() {
	[[ $EUID -eq 0 ]] || skip "only root can make the newer layout from this Nix's directory"
	local kept outer etc=$T/etc
	kept=$(build_and_keep fixed "$T")
	# The times of a copy tell no derivation.
	outer=$T/${kept##*/}
	mkdir -m 755 "$outer"
	cp -R --preserve=all "$kept" "$outer/build"
	dir=$outer
	cp -R /etc "$etc"
	mkdir -p "$etc/ssl/certs"
	echo certificates >"$T/bundle"
	ln -sf "$T/bundle" "$etc/ssl/certs/ca-certificates.crt"
	export -f nbs nbs_exec user_exec root_exec
	run unshare --mount --propagation private bash -c '
		tool_env=()
		mount --bind "$2" /etc
		nbs --drv "$3" --network host "$1" sh -c "find /etc/ssl; cat /etc/ssl/certs/ca-certificates.crt"' \
		-- "$dir" "$etc" "$(drv_of fixed "$T")"
	expect_status 0
	expect_out $'/etc/ssl\n/etc/ssl/certs\n/etc/ssl/certs/ca-certificates.crt\ncertificates'
}

test_a_session_keeps_its_network() {
	setup
	dir=$(kept fixed)
	echo 'cd $NIX_BUILD_TOP; echo edited >edited-file; exit 5' >"$T/in"
	run nbs_on_terminal "$dir" <"$T/in"
	expect_status 5
	dir=$(find "$USER_HOME" -name edited-file)
	dir=${dir%/build/edited-file}
	[[ -n $dir ]] || fail "no session is left"
	run_in_session nbs "$dir" nc -w 5 127.0.0.1 "$port"
	expect_status 0
	expect_out "hello from the host"
	expect_err "the network is the host's, as before"
	run_in_session nbs --network none "$dir" nc -w 5 127.0.0.1 "$port"
	expect_status 1
	run_in_session nbs "$dir" ls /etc/nsswitch.conf
	expect_status 0
}

# They are in the network's namespace, and the caller's D-Bus or X server may have such a socket.
test_abstract_sockets_of_the_host_cannot_be_reached() {
	local name=$T/abstract
	dir=$T/nix-build-kept-1.0.drv-0
	cp -R "$(kept readable)" "$dir"
	cat >"$T/connect.c" <<-'END'
		#include <stddef.h>
		#include <stdio.h>
		#include <string.h>
		#include <sys/socket.h>
		#include <sys/un.h>
		int main(int argc, char **argv) {
			struct sockaddr_un address = {.sun_family = AF_UNIX};
			strcpy(address.sun_path + 1, argv[argc - 1]);
			socklen_t length = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(argv[argc - 1]);
			if (connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, length) == 0)
				return puts("connected") < 0;
			perror("connect");
			return 1;
		}
	END
	compile "$dir/connect" "$T/connect.c"
	if [[ $WHO == root ]]; then chown -R --reference="$(kept readable)" "$dir"; else chmod -R a+rX "$dir"; fi
	perl -MIO::Socket::UNIX -e '$s = IO::Socket::UNIX->new(Local => "\0$ARGV[0]", Listen => 5) or die; sleep 100' "$name" &
	trap 'kill "$!"' EXIT
	eventually grep -qF "@$name" /proc/net/unix || fail "no socket"
	[[ $("$dir/connect" "$name") == connected ]] || fail "the test cannot connect at all"
	run nbs "$dir" ./connect "$name"
	expect_status 1
	expect_err refused
	run nbs --network host "$dir" ./connect "$name"
	if [[ $(landlock_version) -ge 6 ]]; then
		expect_status 1
		expect_err 'not permitted'
	else
		expect_out connected
	fi
}

landlock_version() { perl -e 'print syscall(444, 0, 0, 1)'; }

test_a_wrong_network_is_refused() {
	run nbs --network some /tmp true
	expect_status 2
	expect_err '--network' some
}
