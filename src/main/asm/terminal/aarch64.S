/*
 * void handler(int signal): write the signal's number, a byte, to a pipe. This is the program of
 * x86_64.S for 64-bit Arm; the reasons are there.
 */
	.equ SYS_write, 64

	.include "restorer-aarch64.inc"
handler:
	hint 34				/* bti c: does nothing where the CPU does not check indirect calls */
	str x0, [sp, -16]!
	mov x8, SYS_write
	ldr w0, descriptor
	mov x1, sp
	mov x2, 1
	svc 0
	add sp, sp, 16
	ret
descriptor:
