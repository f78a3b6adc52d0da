/*
 * long call(long number, long a, long b, long c, long d, long e, long f): make a system call.
 * This is the program of call-x86_64.S for 64-bit Arm; the reasons are there.
 */
	.text
	.globl call
call:
	hint 34				/* bti c: does nothing where the CPU does not check indirect calls */
	mov x8, x0
	mov x0, x1
	mov x1, x2
	mov x2, x3
	mov x3, x4
	mov x4, x5
	mov x5, x6
	svc 0
	ret
