/*
 * A program around the interpreter's code (code.bin) for qemu-user: it reads an image from standard
 * input to a fixed address, runs it, waits for the child, and writes the image, the child's status
 * and its own signal mask to standard output. It exits with 1 when a system call fails.
 */
	.equ BASE, 0x10000000
	.equ SIZE, 0x10000
	.equ MASK, 0x4000		/* SIGTERM */

	.text
	.globl _start
_start:
	sub sp, sp, 32
	mov x0, MASK			/* sets a mask, to see that it is restored */
	str x0, [sp]
	mov x8, 135			/* rt_sigprocmask */
	mov x0, 2			/* SIG_SETMASK */
	mov x1, sp
	mov x2, 0
	mov x3, 8
	svc 0
	cbnz x0, bad

	mov x8, 222			/* mmap */
	mov x0, BASE
	mov x1, SIZE
	mov x2, 3			/* PROT_READ | PROT_WRITE */
	mov x3, 0x31			/* MAP_SHARED | MAP_FIXED | MAP_ANONYMOUS */
	mov x4, -1
	mov x5, 0
	svc 0
	mov x19, BASE
	cmp x0, x19
	b.ne bad

	mov x20, 0			/* the size of the image so far */
1:	mov x8, 63			/* read */
	mov x0, 0
	add x1, x19, x20
	mov x2, SIZE
	sub x2, x2, x20
	svc 0
	tbnz x0, 63, bad
	add x20, x20, x0
	cbnz x0, 1b

	mov x0, x19
	bl run
	cmp x0, 0
	b.le bad

	mov x8, 260			/* wait4 */
	str xzr, [sp]
	mov x1, sp
	mov x2, 0
	mov x3, 0
	svc 0
	cmp x0, 0
	b.le bad

	mov x8, 135			/* rt_sigprocmask, to learn the mask */
	mov x0, 2
	mov x1, 0
	add x2, sp, 8
	mov x3, 8
	svc 0
	cbnz x0, bad

	mov x1, x19
	mov x2, x20
	bl write
	mov x1, sp
	mov x2, 16
	bl write
	mov x0, 0
	b exit
bad:
	mov x0, 1
exit:
	mov x8, 94			/* exit_group */
	svc 0

write:
	mov x8, 64
	mov x0, 1
	svc 0
	cmp x0, x2
	b.ne bad
	ret

	.balign 4
run:
	.incbin "code.bin"
