# shellcheck shell=bash
# Static programs in C, for builds and sandboxes.

# compile PROGRAM ARGUMENT...
compile() {
	"$(uname -m)-linux-musl-gcc" -static -O1 -Wall -Wextra -Werror -o "$@"
	chmod 755 "$1"
}

# kept_with PROGRAM: in $dir, a copy of a kept directory with the program tests/fixtures/PROGRAM.c in it.
kept_with() {
	local from
	from=$(kept readable)
	dir=$T/nix-build-readable-1.0.drv-0
	cp -R "$from" "$dir"
	compile "$dir/$1" "$TOP/tests/fixtures/$1.c"
	if [[ $WHO == root ]]; then chown -R --reference="$from" "$dir"; else user_dir "$dir"; fi
	chmod -R a+rX "$dir"
}

# Whether this kernel has 32-bit system calls: some virtual machines fault on `int $0x80`. Tried outside of all sandboxes.
has_i386_calls() {
	compile "$T/i386-calls" "$TOP/tests/fixtures/i386-calls.c"
	"$T/i386-calls" || {
		echo "not tested: 32-bit system calls (int 0x80), which this machine's kernel does not have" >>"$SCRATCH/notes"
		return 1
	}
}

# The ABIs whose system calls are tried, by the build and by the tool.
tried_abis() { if has_i386_calls; then echo x86_64 x32 i386; else echo x86_64 x32; fi; }
