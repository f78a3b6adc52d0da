/*
 * void handler(int signal): let the kernel delay the timeouts of the thread that gets the signal,
 * by up to an hour. This is the program of x86_64.S for 64-bit Arm; the reasons are there.
 */
	.equ SYS_prctl, 167
	.equ PR_SET_TIMERSLACK, 29
	.equ NANOSECONDS, 3600000000000

	.include "restorer-aarch64.inc"
handler:
	hint 34				/* bti c: does nothing where the CPU does not check indirect calls */
	mov x8, SYS_prctl
	mov x0, PR_SET_TIMERSLACK
	movz x1, NANOSECONDS >> 32, lsl 32
	movk x1, NANOSECONDS >> 16 & 0xffff, lsl 16
	movk x1, NANOSECONDS & 0xffff
	svc 0
	ret
