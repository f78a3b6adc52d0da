/*
 * A program around the signal handler (code.bin) for qemu-user: it handles SIGQUIT with it, kills
 * itself, and exits with the byte that it then reads from the pipe. It exits with 99 when a system
 * call fails.
 */
	.equ WRITE_END, 4		/* the second descriptor of the first pipe */
	.equ SA_RESTORER, 0x04000000
	.equ SIGQUIT, 3

	.text
	.globl _start
_start:
	sub sp, sp, 32
	str xzr, [sp]
	mov x8, 135			/* rt_sigprocmask: the threads of a JVM block SIGQUIT */
	mov x0, 2			/* SIG_SETMASK */
	mov x1, sp
	mov x2, 0
	mov x3, 8
	svc 0
	cbnz x0, bad

	mov x8, 59			/* pipe2 */
	mov x0, sp
	mov x1, 0
	svc 0
	cbnz x0, bad
	ldp w19, w0, [sp]
	cmp w0, WRITE_END
	b.ne bad

	adr x1, code
	add x0, x1, 8			/* the handler is behind the restorer */
	mov x2, SA_RESTORER
	stp x0, x2, [sp]
	stp x1, xzr, [sp, 16]
	mov x8, 134			/* rt_sigaction */
	mov x0, SIGQUIT
	mov x1, sp
	mov x2, 0
	mov x3, 8
	svc 0
	cbnz x0, bad

	mov x8, 172			/* getpid */
	svc 0
	mov x8, 129			/* kill */
	mov x1, SIGQUIT
	svc 0
	cbnz x0, bad

	str xzr, [sp]
	mov x8, 63			/* read */
	mov x0, x19
	mov x1, sp
	mov x2, 1
	svc 0
	cmp x0, 1
	b.ne bad
	ldrb w0, [sp]
	b exit
bad:
	mov x0, 99
exit:
	mov x8, 94			/* exit_group */
	svc 0

	.balign 16
code:
	.incbin "code.bin"
	.word WRITE_END
