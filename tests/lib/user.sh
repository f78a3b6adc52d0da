# shellcheck shell=bash
# The ordinary user who builds and who runs the tool: one of our own when root runs the tests (a system
# user, so that its ids are neither 1000 nor 100, those of the sandbox), else the user who runs them.

TEST_USER=${TEST_USER:-nbs-test}
USER_PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin

# Where commands run: in a root of its own (world.sh), whose files are below another directory; or, empty, here.
world=()
world_name=
world_files=

provide_user() {
	if [[ $EUID -ne 0 ]]; then
		TEST_USER=$(id -un)
		USER_PATH=$PATH
	elif ! getent passwd "$TEST_USER" >/dev/null; then
		say "making the user $TEST_USER"
		useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /bin/sh "$TEST_USER"
	fi
	export TEST_USER USER_PATH
}

# user_env [NAME=VALUE...] COMMAND...: become the ordinary user, with nothing of this environment. For a
# background job, whose process id is then the command's own.
user_exec() {
	local drop=()
	if [[ $EUID -eq 0 ]]; then
		drop=(setpriv --reuid="$TEST_USER" --regid="$TEST_USER" --init-groups)
	fi
	exec "${world[@]}" "${drop[@]}" env -i PATH="$USER_PATH" HOME="${USER_HOME:-/nonexistent}" USER="$TEST_USER" \
		LANG=C.UTF-8 TERM="${TERM:-dumb}" "$@"
}

# The same as root: the caller's privileges, and a clean environment.
root_exec() {
	exec "${world[@]}" env -i PATH="$USER_PATH" HOME="${USER_HOME:-/nonexistent}" USER=root LANG=C.UTF-8 TERM="${TERM:-dumb}" "$@"
}

as_user() (user_exec "$@")
as_root() (root_exec "$@")

# Programs with the default action for every signal. Who starts the tests may ignore some (nohup, an agent), and bash
# ignores SIGINT in background jobs; a program inherits that, and so does the build that a daemon starts.
with_default_signals=(env --default-signal)

# A new directory that the ordinary user owns.
user_dir() {
	mkdir -p "$1"
	if [[ $EUID -eq 0 ]]; then chown "$TEST_USER:" "$1"; fi
}
