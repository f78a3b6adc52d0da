# shellcheck shell=bash
# A stand-in for nixpkgs made of this host's programs, and a checkout of this repository whose lock names
# it: with them a real Nix evaluates and builds the real flake without a network.

# The libraries that these programs and libraries of the host load.
libraries_of() {
	ldd "$@" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | sort -u
}

# host_programs DIRECTORY: static ones, and dynamic ones with their loader.
host_programs() {
	local host=$1 program
	mkdir -p "$host/bin" "$host/lib"
	cp "$(command -v bash-static)" "$host/bin/bash"
	for program in busybox make tcc patchelf shellcheck shfmt; do
		cp "$(command -v "$program")" "$host/bin/"
	done
	for program in make tcc patchelf shellcheck; do
		libraries_of "$host/bin/$program"
	done | sort -u | xargs cp -Lt "$host/lib"
	cp -L "$(patchelf --print-interpreter "$host/bin/make")" "$host/lib/ld.so"
}

# host_compiler DIRECTORY: what tcc needs, and a C library to link.
host_compiler() {
	local host=$1 machine
	machine=$(uname -m)
	mkdir -p "$host/musl"
	cp -R "/usr/lib/$machine-linux-gnu/tcc" "$host/tcc"
	cp -R "/usr/lib/$machine-linux-musl" "$host/musl/lib"
	cp -R "/usr/include/$machine-linux-musl" "$host/musl/include"
}

# host_jdk DIRECTORY: the modules that compile and run the tool.
host_jdk() {
	"$NEW_JDK/bin/jlink" --add-modules java.base,java.logging,jdk.compiler,jdk.jartool,jdk.unsupported \
		--strip-java-debug-attributes --no-header-files --no-man-pages --output "$1/jdk"
	find "$1/jdk" -name '*.so' -exec ldd {} + | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | sort -u |
		grep -vF "$1/jdk" | xargs cp -Lut "$1/lib"
}

# stand_in: its directory. Made once, in a subshell.
stand_in() (
	set -e
	dir=$SCRATCH/nixpkgs
	if [[ ! -e $dir ]]; then
		rm -rf "$dir.new"
		cp -R "$TOP/tests/nixpkgs" "$dir.new"
		host_programs "$dir.new/host"
		host_compiler "$dir.new/host"
		host_jdk "$dir.new/host"
		cp "$TOP/tests/fixtures/stdenv/setup.sh" "$TOP/tests/fixtures/tools/install" "$dir.new/host/"
		mkdir "$dir.new/host/files"
		cp "$TOP"/target/lib/*.jar "$dir.new/host/files/"
		chmod -R u=rwX,go=rX "$dir.new"
		mv "$dir.new" "$dir"
	fi
	printf '%s\n' "$dir"
)

# copy_checkout DIRECTORY: this repository, the ordinary user's.
copy_checkout() {
	mkdir -p "$1"
	tar -C "$TOP" --exclude=./target --exclude=./.git -c . | tar -C "$1" -x
	if [[ $EUID -eq 0 ]]; then chown -R "$TEST_USER:" "$1"; fi
}

# checkout: its directory. Made once, and locked to the stand-in.
checkout() (
	set -e
	dir=$SCRATCH/checkout
	if [[ ! -e $dir ]]; then
		nixpkgs=$(stand_in)
		rm -rf "$dir.new"
		copy_checkout "$dir.new"
		cd "$dir.new"
		flakes flake lock --override-input nixpkgs "path:$nixpkgs" >&2
		mv "$dir.new" "$dir"
	fi
	printf '%s\n' "$dir"
)

# The ordinary user's `nix`, with flakes whatever nix.conf says. What `flakes_env` holds is needed to do
# the same by hand.
flakes_env=(NIX_REMOTE=daemon NIX_CONFIG='experimental-features = nix-command flakes')
flakes() { as_user "${flakes_env[@]}" nix "$@"; }
