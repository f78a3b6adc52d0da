# shellcheck shell=bash
# The store paths that the test derivations stand on: a bash and a set of POSIX tools. On Debian, its
# static bash and busybox, laid out as nixpkgs does; elsewhere what nixpkgs has. No network on Debian.

# store_add DIRECTORY: its store path.
store_add() {
	USER_HOME='' as_user NIX_REMOTE=daemon nix-store --add "$1"
}

static_inputs() {
	local scratch=$1 bash=$1/bash-5.2 tools=$1/tools-1.0 applet
	mkdir -p "$bash/bin" "$tools/bin"
	cp "$(command -v bash-static)" "$bash/bin/bash"
	ln -s bash "$bash/bin/sh"
	cp "$(command -v busybox)" "$tools/bin/busybox"
	for applet in $(busybox --list); do
		case $applet in
		busybox | sh | ash | bash) ;;
		*) ln -s busybox "$tools/bin/$applet" ;;
		esac
	done
	chmod -R u=rwX,go=rX "$scratch"
	BASH_PATH=$(store_add "$bash")
	rm -f "$tools/bin/install"
	sed "1s|.*|#!$BASH_PATH/bin/bash|" "$TOP/tests/fixtures/tools/install" >"$tools/bin/install"
	chmod 755 "$tools/bin/install"
	TOOLS_PATH=$(store_add "$tools")
}

nixpkgs_inputs() {
	BASH_PATH=$(as_user nix-build --no-out-link '<nixpkgs>' -A bash)
	TOOLS_PATH=$(as_user nix-build --no-out-link '<nixpkgs>' -A busybox)
}

# provide_inputs SCRATCH
provide_inputs() {
	if command -v bash-static >/dev/null && busybox --list >/dev/null 2>&1; then
		static_inputs "$1/inputs"
	else
		nixpkgs_inputs || die "neither static bash and busybox (Debian) nor <nixpkgs> for the test derivations"
	fi
	export BASH_PATH TOOLS_PATH
}
