# shellcheck shell=bash
# `list`: kept directories, sessions and builds that run.

# json EXPRESSION: what Python says of the object j that --json printed, after a check against the schema of $schema.
schema=list
json() {
	/usr/bin/python3 - "$TOP/docs/$schema.schema.json" "$T/out" "$1" <<-'END' || fail "not as its schema says: $(<"$T/out")"
		import json, sys, jsonschema
		schema, j = (json.load(open(f, encoding="utf-8")) for f in sys.argv[1:3])
		jsonschema.Draft202012Validator.check_schema(schema)
		jsonschema.Draft202012Validator(schema).validate(j)
		print(eval(sys.argv[3]))
	END
}

# expect_json EXPRESSION VALUE
expect_json() {
	local value
	value=$(json "$1")
	[[ $value == "$2" ]] || fail "$1 is $value, not $2: $(<"$T/out")"
}

# An interactive shell that changes something leaves a session; sets `session`.
leave_session() {
	echo 'touch new; exit' >"$T/in"
	nbs_on_terminal "$1" <"$T/in" >"$T/shell" 2>&1 || true
	session=$(find "$USER_HOME" -name session.properties)
	session=${session%/session.properties}
	[[ -n $session ]] || fail "no session: $(<"$T/shell")"
}

test_kept_directories_and_sessions() {
	dir=$(kept readable)
	# Nix's ssh has such a directory for its socket.
	of_ssh=/tmp/nix-$$-0
	as_user mkdir -m 700 "$of_ssh"
	trap 'rmdir "$of_ssh"' EXIT
	# The session's GC root stands whatever its path is.
	tool_env=(XDG_STATE_HOME="$USER_HOME/état x")
	leave_session "$dir"
	[[ $(readlink "$session/gcroot") == /nix/store/*-nix-build-shell-session.drv ]] || fail "no GC root"
	run nbs list
	expect_status 0
	expect_empty_err
	grep -qE '^AGE +NAME +PHASE +ENDED +OWNER +REMOVED$' "$T/out" || fail "no table"
	# A row and, below it, its directory; only the owner is known of each.
	grep -B 1 -E "^ +$dir\$" "$T/out" | grep -qE "^[0-9]+[smh] +readable-1.0 +[^ ]+ +[^ ]+ +$(stat -c %U "$dir") " || fail "not listed with its owner"
	if grep -qF "$of_ssh" "$T/out"; then fail "what ssh left is listed"; fi
	grep -qE "^[0-9]+s +${session##*/} +changed\$" "$T/out" || fail "no session"
	! grep -vE '^ ' "$T/out" | grep -E '.{81}' || fail "wider than 80 columns"
	run nbs list --size --json
	expect_json "[k['name'] for k in j['kept'] if k['path'] == '$dir']" "['readable-1.0']"
	expect_json "[(s['origin'], s['state'], s['size'] > 0) for s in j['sessions']]" "[('$dir', 'changed', True)]"
	run nbs list "$dir"
	grep -q "^  derivation  /nix/store/.*-readable-1.0.drv (found by" "$T/out" || fail "no derivation"
	grep -q "^  session     ${session##*/}, changed, " "$T/out" || fail "no session"
	run nbs list "$dir" --json
	expect_json "(len(j['kept']), j['kept'][0]['path'], len(j['sessions']))" "(1, '$dir', 1)"
	schema=doctor
	run nbs doctor --json
	expect_status 0
	expect_json "(j['works'], [f['state'] for f in j['findings'] if f['part'] in ('sandbox', 'Nix', 'build logs', 'start-up cache')])" \
		"(True, ['ok', 'ok', 'ok', 'ok'])"
	run nbs clean "$dir"
	expect_status 0
	expect_out "sudo rm -rf -- $dir"
	[[ -d $dir ]] || fail "the kept directory is gone"
	run nbs clean "${session##*/}"
	expect_status 0
	[[ ! -e $session ]] || fail "the session is left"
}

# In 2.34 no directory bears its derivation's name: the logs tell. And a build that runs.
test_with_nix_2_34() {
	enter_world sid
	local pid
	dir=$(kept readable)
	run nbs list --json
	expect_json "[k['name'] for k in j['kept'] if '$dir'.startswith(k['path'] + '/')]" "['readable-1.0']"
	user_exec NIX_REMOTE=daemon nix-build --no-out-link "$SCRATCH/fixtures/matching.nix" \
		--argstr bash "$BASH_PATH" --argstr tools "$TOOLS_PATH" --argstr salt "$T" --arg count 1 --argstr script \
		'sleep 60' >"$T/log" 2>&1 </dev/null &
	pid=$!
	eventually runs_now || fail "no running build: $(<"$T/out")"
	kill "$pid"
	expect_json "[(r['name'], r['startedAt'] is None) for r in j['running'] if r['name'] == 'many-1.0']" "[('many-1.0', False)]"
}

# It has begun, and by the time of the answer has not ended.
runs_now() {
	run nbs list --running --json
	grep -qE '"name":"many-1.0".*"startedAt":"' "$T/out"
}

# A build-dir of the caller's own; and what this host can do with each Nix.
test_other_versions_of_nix() {
	local nix
	for nix in debian13 sid; do
		enter_world "$nix"
		tool_env=(NIX_REMOTE=daemon)
		schema=doctor
		run nbs doctor --json
		expect_status 0
		expect_json "(j['works'], [f['text'] for f in j['findings'] if f['part'] == 'Nix'][0].startswith('nix-store (Nix) 2.'))" "(True, True)"
		schema=list
		own_build_dir
	done
}

own_build_dir() {
	local path
	rm -rf "$T/root" "$T/builds"
	user_dir "$T/root"
	user_dir "$T/builds"
	for path in bash-5.2 tools-1.0; do
		as_user NIX_REMOTE="$T/root" nix-store --add "$SCRATCH/inputs/$path" >/dev/null
	done
	tool_env=(NIX_REMOTE="$T/root" NIX_CONFIG="build-dir = $T/builds
		build-users-group =")
	run nbs --no-shell build "$SCRATCH/fixtures/matching.nix" --no-out-link --argstr bash "$BASH_PATH" \
		--argstr tools "$TOOLS_PATH" --argstr salt "$T" --argstr script 'exit 3' </dev/null
	expect_err "enter it with: nix-build-shell $T/builds/nix-"
	run nbs list --json
	expect_json "[(k['name'], k['outcome'], k['owner'], k['readable']) for k in j['kept'] if k['path'].startswith('$T/builds/')]" \
		"[('many-1.0', 'failed', '$TEST_USER', True)]"
}
