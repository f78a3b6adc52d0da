# shellcheck shell=bash
# What is seen of the store: what the build saw, and all of it only where that cannot be known.

nix_store() { as_user NIX_REMOTE=daemon nix-store "$@"; }

# seen DIRECTORY: what the build itself saw.
seen() { LC_ALL=C sort "$1/seen"; }

shows_what_the_build_saw() {
	prints "$(seen "$dir")" sh -c 'LC_ALL=C ls -A /nix/store'
	[[ $(wc -l <"$T/out") == 6 ]] || fail "not what was to be seen"
}

test_the_closure_of_the_inputs() {
	dir=$(kept looking)
	shows_what_the_build_saw
	expect_empty_err
	run nbs -v "$dir" true
	expect_err 'found by the output path in env-vars' '6 store paths are shown'
}

# What a command makes among the mount points stays with its session.
test_the_next_session_has_the_mount_points_of_the_last() {
	local stores point
	dir=$(kept looking)
	prints made sh -c 'mkdir -p /nix/store/made/deep && chmod 500 /nix/store/made && ls /nix/store | grep made'
	mapfile -t stores < <(find "$USER_HOME" -path '*/.stores/*' -prune)
	[[ ${#stores[@]} == 1 ]] || fail "mount points kept: ${stores[*]}"
	no_files_below "$USER_HOME" "a session is left"
	point=$(stat -c %i:%z "${stores[0]}"/view/*)
	shows_what_the_build_saw
	[[ $(stat -c %i:%z "${stores[0]}"/view/*) == "$point" ]] || fail "they were made anew"
}

test_the_closure_when_env_vars_are_rebuilt() {
	dir=$T/nix-build-looking-1.0.drv-0
	local from
	from=$(build_and_keep looking "$T")
	user_dir "$dir"
	cp "$from/seen" "$dir/"
	run nbs --drv "$(drv_of "$from")" "$dir" sh -c 'LC_ALL=C ls -A /nix/store'
	expect_status 0
	expect_out "$(seen "$from")"
}

# drv_of DIRECTORY: by its output.
drv_of() {
	local out
	out=$(sed -n 's/^declare -x out="\(.*\)"/\1/p' "$1/env-vars")
	grep -lF "$out" /nix/store/*-looking-1.0.drv
}

# whole WHY...: the whole store is shown, and one line says so and why. The shell counts its entries, since `ls` looks at each,
# and what another lane's build makes there can be gone by then.
whole() {
	run nbs "${options[@]}" "$dir" sh -c 'echo /nix/store/* | wc -w'
	expect_status 0
	expect_err 'the whole store is shown' "$@"
	[[ $(<"$T/out") -gt 6 ]] || fail "not the whole store"
	[[ $(wc -l <"$T/err") == 1 ]] || fail "more than one line"
}
options=()

# A directory of programs without Nix's, for PATH; the launcher's own must be there.
without_nix() {
	local program
	mkdir -p "$T/programs"
	for program in env sh readlink; do ln -sf "$(type -P "$program")" "$T/programs/$program"; done
	tool_env=(PATH="$T/programs")
}

test_the_whole_store_without_nix() {
	dir=$(kept looking)
	without_nix
	whole 'no nix-store on PATH'
}

test_the_whole_store_when_nix_fails() {
	dir=$(kept looking)
	without_nix
	printf '#!/bin/sh\necho "error: the answer is $1" >&2\nexit 3\n' >"$T/programs/nix-store"
	chmod 755 "$T/programs/nix-store"
	whole "$T/programs/nix-store failed: error: the answer is --query"
	printf '#!/bin/sh\necho /etc\n' >"$T/programs/nix-store"
	whole '/etc'
}

test_the_whole_store_without_a_derivation() {
	dir=$T/nix-build-kept-1.0.drv-0
	user_dir "$dir"
	sed 's|^declare -x out=.*|declare -x out="/nix/store/00000000000000000000000000000000-nbs-none"|' \
		"$(kept looking)/env-vars" >"$dir/env-vars"
	whole 'its derivation is not found' --drv
}

# An empty PATH entry and a relative entry are the working directory, which may be another user's.
test_nix_is_not_taken_from_the_working_directory() {
	dir=$(kept looking)
	without_nix
	mkdir "$T/bin"
	printf '#!/bin/sh\necho %s\n' "$BASH_PATH" >"$T/bin/nix-store"
	cp "$T/bin/nix-store" "$T/nix-store"
	chmod 755 "$T/bin/nix-store" "$T/nix-store"
	cd "$T"
	tool_env=(PATH="bin:.::$T/programs")
	whole 'no nix-store on PATH'
}

# What decides on the store comes through, and nothing else.
test_the_environment_of_nix() {
	dir=$(kept looking)
	without_nix
	printf '#!/bin/sh\n%s >"%s/environment-$1"\necho %s\n' "$(type -P env)" "$T/state" "$BASH_PATH" >"$T/programs/nix-store"
	chmod 755 "$T/programs/nix-store"
	mkdir -m 777 "$T/state"
	tool_env+=(NIX_REMOTE=daemon SECRET=1 NIX_PATH=x "$(printf 'NIX_CONFIG=# \377')")
	run nbs "$dir" bash -c :
	expect_status 0
	LC_ALL=C sed '/^\(PWD\|SHLVL\|_\|OLDPWD\)=/d' "$T/state/environment---query" | LC_ALL=C sort >"$T/env"
	{
		if [[ $WHO == user ]]; then printf 'HOME=%s\nNIX_CONFIG=# \377\n' "$USER_HOME"; fi
		printf 'NIX_REMOTE=daemon\nPATH=%s\n' "$T/programs"
	} | cmp - "$T/env" || fail "another environment: $(cat "$T/env")"
}

# (Without a manifest: tests/integration/seeds.sh.)
test_inputs_of_the_manifest_that_are_gone() {
	local gone drv
	dir=$(build_and_keep looking "$T")
	gone=/nix/store/$(grep nbs-input "$dir/seen")
	drv=$(nix_store --query --deriver "$gone")
	own_copy "$dir"
	collect "$gone"
	run nbs "$dir" true
	expect_status 125
	expect_err "$gone" "nix-store --realise '$drv!dev'"
	[[ $(wc -l <"$T/err") == 1 ]] || fail "more than one line"
	no_files_below "$USER_HOME" "a session is left"
	bring_back
	shows_what_the_build_saw
}

# collect PATH: as the garbage collector does. As root without its search for roots, which goes through the
# machine's processes.
collect() {
	if [[ $EUID -eq 0 ]]; then
		NIX_REMOTE=local nix-store --delete --ignore-liveness "$1" >/dev/null
	else
		nix_store --delete "$1" >/dev/null
	fi
}

# Runs the command that the message gives.
bring_back() {
	local command
	command=$(sed -n 's/.*with: \(nix-store --realise [^(]*\).*/\1/p' "$T/err")
	as_user NIX_REMOTE=daemon sh -c "$command" >/dev/null 2>&1 || fail "does not work: $command"
}

# own_copy DIRECTORY: with a manifest of what was seen there.
own_copy() {
	local list
	list=$(seen "$1" | sed 's|.*|"/nix/store/&"|' | paste -sd, -)
	dir=$T/copy
	rm -rf "$dir"
	user_dir "$dir"
	cp -R "$1/." "$dir/"
	mkdir "$dir/.nix-build-shell"
	printf '{"schemaVersion": "1.0", "shell": "%s/bin/bash", "storePaths": [%s]}\n' "$BASH_PATH" "$list" \
		>"$dir/.nix-build-shell/manifest.json"
	chmod -R a+rX "$dir"
	if [[ $WHO == root ]]; then chown -R --reference="$1" "$dir"; fi
}

# With the manifest neither Nix nor the derivation is asked.
test_a_manifest_is_enough() {
	own_copy "$(kept looking)"
	without_nix
	shows_what_the_build_saw
	expect_empty_err
}

test_the_shell_is_shown_in_any_case() {
	local other
	dir=$T/nix-build-kept-1.0.drv-0
	user_dir "$dir"
	mkdir -p "$T/other/bin"
	cp "$BASH_PATH/bin/bash" "$T/other/bin/bash"
	chmod -R u=rwX,go=rX "$T/other"
	other=$(nix_store --add "$T/other")
	sed "s|^declare -x SHELL=.*|declare -x SHELL=\"$other/bin/bash\"|" "$(kept looking)/env-vars" >"$dir/env-vars"
	run nbs "$dir" sh -c 'ls -A /nix/store | wc -l'
	expect_status 0
	expect_out 7
	expect_err "$other" 'no input of the build'
}

# data: a directory and a file of the host.
data() {
	mkdir -p "$T/data/below"
	echo content >"$T/data/file"
	chmod -R u=rwX,go=rX "$T/data"
}

test_sandbox_paths_of_the_command_line() {
	data
	run nbs --sandbox-path "/data=$T/data" --sandbox-path "/some/where=$T/data/file" --sandbox-path '/none=/nonexistent?' \
		--sandbox-path /etc/os-release "$(kept readable)" \
		sh -c 'cat /data/file /some/where; ls /; ls -d /data/below; cmp "$1" /etc/os-release' -- /etc/os-release
	expect_status 0
	expect_empty_err
	expect_out "$(printf '%s\n' content content bin build data dev etc nix proc some tmp /data/below)"
	# Nothing in the sandbox writes to the caller's files, nor to what is mounted below them.
	if [[ $EUID -eq 0 ]]; then chown -R "$TEST_USER:" "$T/data"; fi
	chmod -R a+w "$T/data"
	run nbs --sandbox-path "/data=$T/data" --sandbox-path "/file=$T/data/file" --sandbox-path /devices=/dev "$(kept readable)" sh -c '
		for each in /data/new /data/file /file /devices/shm/nix-build-shell-new; do
			if echo x >>$each; then echo "$each is written"; fi
		done
		chmod 600 /file; echo x >/devices/null && echo devices work'
	expect_status 0
	expect_out 'devices work'
	[[ $(grep -c 'Read-only file system' "$T/err") -eq 5 && $(<"$T/data/file") == content ]] || fail "not all are read-only"
}

test_sandbox_paths_that_cannot_be() {
	local path
	for path in /nonexistent relative /proc/1=/etc /build=/etc /nix/store/x=/etc /tmp/x=/etc / /a/../b=/etc; do
		run nbs --sandbox-path "$path" "$(kept readable)" true
		expect_status 125
		expect_err "--sandbox-path $path"
		no_files_below "$USER_HOME" "a session is left"
	done
	data
	[[ $(ls -A "$T/data") == $'below\nfile' ]] || fail "the host's directory was changed"
	# In what is shown of the host no mount point is made.
	run nbs --sandbox-path "/d=$T/data" --sandbox-path "/d/new=$T/data" "$(kept readable)" true
	expect_status 125
	expect_err "cannot show $T/data at /d/new" "$T/data of the host, which has no such directory"
	[[ ! -e $T/data/new ]] || fail "the host's directory was changed"
}

test_sandbox_paths_of_nixs_configuration() {
	data
	tool_env=(NIX_CONFIG="extra-sandbox-paths = /configured=$T/data /bin/sh=$T/data/file /gone=/nonexistent?")
	dir=$(kept looking)
	prints content sh -c 'cat /configured/file'
	expect_empty_err
	tool_env=(NIX_CONFIG="sandbox-paths = /configured/=$T/data /build/x=/etc /gone=/nonexistent")
	prints content sh -c 'cat /configured/file'
	expect_err 'not shown of Nix'"'"'s sandbox-paths: /build/x=/etc (/build is the sandbox'"'"'s own) /gone=/nonexistent (/nonexistent is not there)'
	[[ $(wc -l <"$T/err") == 1 ]] || fail "more than one line"
	mkdir "$T/configuration"
	echo "extra-sandbox-paths = $TOOLS_PATH /configured=$T/data" >"$T/configuration/nix.conf"
	chmod -R a+rX "$T/configuration"
	tool_env=(NIX_CONF_DIR="$T/configuration")
	run nbs "$dir" sh -c 'cat /configured/file'
	if [[ $WHO == user ]]; then
		expect_out content
		expect_empty_err
	else
		expect_status 1
		expect_err "NIX_CONF_DIR=$T/configuration is not used"
	fi
}

# A path that the configuration names, and that lies in the store, is shown with its closure.
test_sandbox_paths_in_the_store() {
	local path
	mkdir -p "$T/nbs-sandboxed/bin"
	echo "$TOOLS_PATH" >"$T/nbs-sandboxed/bin/program"
	chmod -R u=rwX,go=rX "$T/nbs-sandboxed"
	path=$(nix_store --add "$T/nbs-sandboxed")
	dir=$(kept looking)
	tool_env=(NIX_CONFIG="sandbox-paths = /usr/program=$path/bin/program /other=/nix/store/00000000000000000000000000000000-gone/x?")
	prints "$TOOLS_PATH"$'\n7' sh -c 'cat /usr/program; ls -A /nix/store | wc -l'
	expect_empty_err
}

# A tool that the caller names is there with its closure: in a copy, and in a session that the caller enters again.
test_tools_from_the_store() {
	local tool further session
	echo further >"$T/further"
	further=$(nix_store --add "$T/further")
	mkdir -p "$T/nbs-tool/bin"
	printf '#!%s/bin/bash\nread -r line <%s; echo "tool $line"\n' "$BASH_PATH" "$further" >"$T/nbs-tool/bin/tool"
	chmod -R u=rwX,go=rX "$T/nbs-tool"
	chmod 755 "$T/nbs-tool/bin/tool"
	tool=$(as_user NIX_REMOTE=daemon nix-build --no-out-link -E "derivation {
		name = \"nbs-tool\"; system = builtins.currentSystem; builder = \"$BASH_PATH/bin/bash\";
		args = [ \"-c\" \"$TOOLS_PATH/bin/cp -R \${builtins.storePath \"$(nix_store --add "$T/nbs-tool")\"} \$out\" ];
		inputs = map builtins.storePath [ \"$BASH_PATH\" \"$TOOLS_PATH\" \"$further\" ];
	}" 2>"$T/err")
	dir=$(kept looking)
	run nbs --sandbox-path "$tool" "$dir" "$tool/bin/tool"
	expect_status 0
	expect_out 'tool further'
	expect_empty_err
	own_copy "$dir"
	run nbs_on_terminal "$dir" < <(printf 'cd $NIX_BUILD_TOP; touch touched; exit\n')
	session=$(find "$USER_HOME" -name touched)
	session=${session%/build/touched}
	run nbs --sandbox-path "$tool/bin/tool" "$session" "$tool/bin/tool"
	expect_out 'tool further'
	# It is a part of the session now.
	run nbs "$session" "$tool/bin/tool"
	expect_out 'tool further'
	run nbs --sandbox-path /nix/store/00000000000000000000000000000000-gone "$session" true
	expect_status 125
	expect_err 'the store has no such path' 'nix-store --realise /nix/store/00000000000000000000000000000000-gone'
}

# A build that had them, by a trusted user: the sandbox shows nothing that the build did not see.
test_a_build_with_sandbox_paths() {
	local kept arguments config
	[[ $EUID -eq 0 ]] || skip "only a trusted user can build with own sandbox-paths"
	data
	config="/bin/sh=$TOOLS_PATH/bin/busybox /configured=$T/data"
	mapfile -d '' arguments < <(selected looking "$SCRATCH sandbox-paths $T")
	NIX_REMOTE=daemon nix-build --keep-failed --no-out-link --option sandbox-paths "$config" "${arguments[@]}" \
		>"$T/log" 2>&1 || true
	kept=$(kept_directory "$T/log")
	printf '%s\n' "$kept" >>"$SCRATCH/kept-directories"
	dir=$kept
	tool_env=(NIX_CONFIG="sandbox-paths = $config")
	prints "$(seen "$dir")"$'\ncontent' sh -c 'LC_ALL=C ls -A /nix/store; cat /configured/file'
}

# mount_of POINT PATH: as a manifest has it when PATH of this host is mounted at POINT.
mount_of() {
	local device root target rest
	read -r device root target < <(findmnt -nro MAJ:MIN,FSROOT,TARGET -T "$2")
	rest=${2#"${target%/}"}
	printf '{"device": "%s", "root": "%s", "mountPoint": "%s", "type": "x"}' "$device" "${root%/}$rest" "$1"
}

# with_mounts MOUNT...: into the manifest.
with_mounts() {
	local IFS=,
	own_copy "$(kept looking)"
	sed -i "s|}\$|, \"mounts\": [{\"mountPoint\": \"/\"}, {\"mountPoint\": \"/nix/store/x\"}, $*]}|" \
		"$dir/.nix-build-shell/manifest.json"
}

test_a_manifest_opens_no_path_of_the_host() {
	data
	with_mounts "$(mount_of /data "$T/data")" "$(mount_of /same/file "$T/data/file")"
	run nbs "$dir" sh -c 'ls -d /data /same'
	expect_status 1
	expect_err "2 paths of its host, not shown now: /data /same/file; to show one: --sandbox-path TARGET=PATH"
	run nbs --sandbox-path "/data=$T/data" --sandbox-path "/same/file=$T/data/file" "$dir" cat /data/file /same/file
	expect_status 0
	expect_out $'content\ncontent'
	expect_empty_err
	# As Nix's configuration has it, and not as the manifest has it.
	mkdir "$T/elsewhere"
	echo elsewhere >"$T/elsewhere/file"
	chmod -R a+rX "$T/elsewhere"
	tool_env=(NIX_CONFIG="sandbox-paths = /data=$T/elsewhere /other=$T/data")
	run nbs --sandbox-path "/same/file=$T/data/file" "$dir" sh -c 'cat /data/file; ls -d /other'
	expect_out elsewhere
	expect_err '/other'
}

test_bin_sh_is_what_the_build_had() {
	with_mounts "$(mount_of /bin/sh "$TOOLS_PATH/bin/busybox")"
	# shellcheck disable=SC2016
	prints yes bash -c 'cmp /bin/sh "$1" && echo yes' -- "$TOOLS_PATH/bin/busybox"
	expect_empty_err
	# In the store, but not in what is shown of it; or no program.
	with_mounts "$(mount_of /bin/sh "$TOOLS_PATH/bin")"
	# shellcheck disable=SC2016
	run nbs "$dir" bash -c 'cmp /bin/sh "$SHELL" && echo yes'
	expect_out yes
	with_mounts "$(mount_of /bin/sh /etc/passwd)"
	# shellcheck disable=SC2016
	run nbs "$dir" bash -c 'cmp /bin/sh "$SHELL" && echo yes'
	expect_out yes
}

test_a_session_keeps_its_paths() {
	local session
	data
	with_mounts "$(mount_of /bin/sh "$TOOLS_PATH/bin/busybox")"
	printf 'cd $NIX_BUILD_TOP; touch touched; exit\n' >"$T/in"
	run nbs_on_terminal --sandbox-path "/data=$T/data" "$dir" <"$T/in"
	session=$(find "$USER_HOME" -name touched)
	# shellcheck disable=SC2016
	run_in_session nbs --sandbox-path "/more=$T/data/file" "${session%/build/touched}" sh -c 'cat /data/file /more; cmp /bin/sh "$1"' -- \
		"$TOOLS_PATH/bin/busybox"
	expect_status 0
	expect_out $'content\ncontent'
}

# Nix may take a minute for its answer.
test_signals_while_nix_is_asked() {
	local tool signal program
	dir=$(kept looking)
	for program in nix nix-store; do
		rm -rf "$T/programs" "$T/state"
		without_nix
		mkdir -m 777 "$T/state"
		printf '#!/bin/sh\n: >"%s/asked"\n%s 500\n' "$T/state" "$(type -P sleep)" >"$T/programs/$program"
		chmod 755 "$T/programs/$program"
		[[ $program == nix-store ]] || printf '#!/bin/sh\nexit 1\n' >"$T/programs/nix-store"
		chmod 755 "$T/programs/nix-store"
		for options in '' --explain; do
			rm -f "$T/state/asked"
			nbs_exec ${options:+"$options"} "$dir" true >"$T/out" 2>"$T/err" &
			tool=$!
			eventually test -e "$T/state/asked" || fail "Nix is not asked"
			signal=$SECONDS
			kill -TERM "$tool"
			status=0
			wait "$tool" || status=$?
			expect_status 143
			expect_empty_err
			[[ $((SECONDS - signal)) -lt 40 ]] || fail "it has waited"
		done
	done
	no_files_below "$USER_HOME" "a session is left"
}
