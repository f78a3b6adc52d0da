# shellcheck shell=bash
# Static programs in C, for builds and sandboxes.

# compile PROGRAM ARGUMENT...
compile() {
	"$(uname -m)-linux-musl-gcc" -static -O1 -Wall -Wextra -Werror -o "$@"
	chmod 755 "$1"
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
