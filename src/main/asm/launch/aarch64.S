/*
 * long run(void *image): clone a child that runs a plan. This is the program of x86_64.S, line by
 * line, for 64-bit Arm; the reasons are there.
 *
 * A system call keeps all registers but x0 (first argument in, result out). The caller-saved x9 to
 * x13 are enough, so nothing is saved, and the stack is not used.
 */
	.equ SYS_exit_group, 94
	.equ SYS_rt_sigprocmask, 135
	.equ SYS_clone, 220
	.equ SIG_SETMASK, 2
	.equ SIGSET_SIZE, 8

	/* Header. */
	.equ CLONE_FLAGS, 0*8
	.equ BLOCKED_MASK, 1*8
	.equ CALLERS_MASK, 2*8
	.equ HEADER_SIZE, 8*8

	/* Record. */
	.equ NUMBER, 0*8
	.equ ARGUMENTS, 1*8
	.equ REFERENCES, 7*8
	.equ FLAGS, 8*8
	.equ EXPECTED, 9*8
	.equ TOLERATED, 10*8
	.equ PLACES, 12*8
	.equ RESULT, 14*8
	.equ NAME, 15*8
	.equ RECORD_SIZE, 16*8

	.equ MUST_EQUAL_BIT, 0
	.equ LEAVES_BIT, 1
	.equ MAX_ERRNO, 4095
	.equ BROKEN_PLAN, 125

	.text
	.globl run
run:
	hint 34				/* bti c: does nothing where the CPU does not check indirect calls */
	mov x9, x0

	mov x8, SYS_rt_sigprocmask
	mov x0, SIG_SETMASK
	add x1, x9, BLOCKED_MASK
	add x2, x9, CALLERS_MASK
	mov x3, SIGSET_SIZE
	svc 0

	mov x8, SYS_clone
	ldr x0, [x9, CLONE_FLAGS]
	mov x1, 0
	mov x2, 0
	mov x3, 0
	mov x4, 0
	svc 0
	cbz x0, child

	mov x10, x0
	mov x8, SYS_rt_sigprocmask
	mov x0, SIG_SETMASK
	add x1, x9, CALLERS_MASK
	mov x2, 0
	mov x3, SIGSET_SIZE
	svc 0
	mov x0, x10
	ret

child:
	add x9, x9, HEADER_SIZE
step:
	ldr x13, [x9, NAME]
	cbz x13, call
	ldp x0, x1, [x9, PLACES]
1:	ldrb w2, [x13], 1
	strb w2, [x0], 1
	strb w2, [x1], 1
	cbnz w2, 1b

call:
	ldp x0, x1, [x9, ARGUMENTS + 0*8]
	ldp x2, x3, [x9, ARGUMENTS + 2*8]
	ldp x4, x5, [x9, ARGUMENTS + 4*8]

	/* An argument can be the address of an earlier result instead of a value. */
	ldr x10, [x9, REFERENCES]
	.irp argument, 0, 1, 2, 3, 4, 5
	tbz x10, \argument, 1f
	ldr x\argument, [x\argument]
1:
	.endr

	ldr x8, [x9, NUMBER]
	svc 0
	str x0, [x9, RESULT]

	cmn x0, MAX_ERRNO		/* unsigned: errors are the highest numbers */
	b.hs error
	ldr x10, [x9, FLAGS]
	tbz x10, MUST_EQUAL_BIT, 1f
	ldr x11, [x9, EXPECTED]
	cmp x0, x11
	b.ne broken
1:	tbz x10, LEAVES_BIT, next
	cmp x0, 0
	b.gt leave
next:
	cbz x13, 1f
	str x13, [x9, NAME]
	ldrb w10, [x13]
	cbnz w10, step			/* an empty name is the end */
1:	add x9, x9, RECORD_SIZE
	b step

error:	/* Unused entries are 0, which is no error. */
	.irp pair, 0, 2
	ldp x11, x12, [x9, TOLERATED + \pair*8]
	cmp x0, x11
	b.eq next
	cmp x0, x12
	b.eq next
	.endr
broken:
	mov x0, BROKEN_PLAN
	b exit
leave:
	mov x0, 0
exit:
	mov x8, SYS_exit_group
	svc 0
	udf 0				/* a filter refused the exit: die of a signal, run nothing else */
