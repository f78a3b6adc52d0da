/*
 * long run(void *image): clone a child that runs a plan.
 *
 * The image is laid out by nixbuildshell.plan.Image, whose Javadoc has its format. Returns the
 * child's process ID or -errno; the child never returns.
 *
 * The caller is a JVM. The child has one thread. All locks, the heap and the garbage collector are
 * the parent's, or a copy, frozen in the middle of what the other threads did. So the child must
 * run neither Java nor libc: it runs this loop, which only makes system calls.
 *
 *  - With CLONE_VM in the image's flags the child has the parent's memory until it executes a
 *    program, else a copy. They always share the image, whose pages are MAP_SHARED. The child needs
 *    no new stack (the second argument is 0): it pushes nothing, and writes to the image alone.
 *  - All signals are blocked around the clone: the child has the JVM's handlers, which would run
 *    Java, on the parent's stack. The child keeps the full mask; the plan resets the handlers before
 *    it empties the mask. The parent gets its mask back before this function returns.
 *  - This code is position-independent, has no data and calls no function.
 *  - A record with names is run once for each name, after the name is copied to the ends of two
 *    strings.
 *
 * A system call keeps all registers but rax (number in, result out), rcx and r11. In the child r12
 * is the name after this one, and 0 in a record without names.
 */
	.intel_syntax noprefix

	.equ SYS_rt_sigprocmask, 14
	.equ SYS_clone, 56
	.equ SYS_exit_group, 231
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

	.equ MUST_EQUAL, 1
	.equ LEAVES, 2
	.equ MAX_ERRNO, 4095
	.equ BROKEN_PLAN, 125

	.text
	.globl run
run:
	endbr64				/* does nothing where the CPU does not check indirect calls */
	push rbx
	mov rbx, rdi

	mov eax, SYS_rt_sigprocmask
	mov edi, SIG_SETMASK
	lea rsi, [rbx + BLOCKED_MASK]
	lea rdx, [rbx + CALLERS_MASK]
	mov r10d, SIGSET_SIZE
	syscall

	mov eax, SYS_clone
	mov rdi, [rbx + CLONE_FLAGS]
	xor esi, esi
	xor edx, edx
	xor r10d, r10d
	xor r8d, r8d
	syscall
	test rax, rax
	jz child

	mov r8, rax			/* the next call has four arguments and keeps r8 */
	mov eax, SYS_rt_sigprocmask
	mov edi, SIG_SETMASK
	lea rsi, [rbx + CALLERS_MASK]
	xor edx, edx
	mov r10d, SIGSET_SIZE
	syscall
	mov rax, r8
	pop rbx
	ret

child:
	add rbx, HEADER_SIZE
step:
	mov r12, [rbx + NAME]
	test r12, r12
	jz call
	mov rdi, [rbx + PLACES + 0*8]
	mov rsi, [rbx + PLACES + 1*8]
1:	mov al, [r12]
	mov [rdi], al
	mov [rsi], al
	inc r12
	inc rdi
	inc rsi
	test al, al
	jnz 1b

call:
	mov rdi, [rbx + ARGUMENTS + 0*8]
	mov rsi, [rbx + ARGUMENTS + 1*8]
	mov rdx, [rbx + ARGUMENTS + 2*8]
	mov r10, [rbx + ARGUMENTS + 3*8]
	mov r8, [rbx + ARGUMENTS + 4*8]
	mov r9, [rbx + ARGUMENTS + 5*8]

	/* An argument can be the address of an earlier result instead of a value. */
	mov rax, [rbx + REFERENCES]
	.irp argument, rdi, rsi, rdx, r10, r8, r9
	shr eax, 1
	jnc 1f
	mov \argument, [\argument]
1:
	.endr

	mov rax, [rbx + NUMBER]
	syscall
	mov [rbx + RESULT], rax

	cmp rax, -MAX_ERRNO		/* unsigned: errors are the highest numbers */
	jae error
	test byte ptr [rbx + FLAGS], MUST_EQUAL
	jz 1f
	cmp rax, [rbx + EXPECTED]
	jne broken
1:	test byte ptr [rbx + FLAGS], LEAVES
	jz next
	test rax, rax
	jg leave
next:
	test r12, r12
	jz 1f
	mov [rbx + NAME], r12
	cmp byte ptr [r12], 0		/* an empty name is the end */
	jne step
1:	add rbx, RECORD_SIZE
	jmp step

error:	/* Unused entries are 0, which is no error. */
	.irp entry, 0, 1, 2, 3
	cmp rax, [rbx + TOLERATED + \entry*8]
	je next
	.endr
broken:
	mov edi, BROKEN_PLAN
	jmp exit
leave:
	xor edi, edi
exit:
	mov eax, SYS_exit_group
	syscall
	ud2				/* a filter refused the exit: die of a signal, run nothing else */
