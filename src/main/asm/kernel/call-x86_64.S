/*
 * long call(long number, long a, long b, long c, long d, long e, long f): make a system call.
 *
 * Returns what the kernel does, a result or -errno. Of the C library's syscall(2), whose errno the JVM can change
 * before Java reads it, FFM would have to save errno for each call.
 */
	.intel_syntax noprefix

	.text
	.globl call
call:
	endbr64				/* does nothing where the CPU does not check indirect calls */
	mov rax, rdi
	mov rdi, rsi
	mov rsi, rdx
	mov rdx, rcx
	mov r10, r8
	mov r8, r9
	mov r9, [rsp + 8]		/* the seventh argument, behind the return address */
	syscall
	ret
