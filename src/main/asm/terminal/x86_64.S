/*
 * void handler(int signal): write the signal's number, a byte, to a pipe.
 *
 * The JVM keeps SIGQUIT to itself, so the kernel calls this code instead, in any thread, with
 * whatever that thread was doing left in the middle: the code makes one system call, and uses no
 * memory but the stack. nixbuildshell.terminal.SignalPipe puts the pipe's descriptor behind it.
 */
	.intel_syntax noprefix

	.equ SYS_write, 1

	.include "restorer-x86_64.inc"
handler:
	endbr64				/* does nothing where the CPU does not check indirect calls */
	push rdi			/* the lowest byte comes first */
	mov eax, SYS_write
	mov edi, [rip + descriptor]
	mov rsi, rsp
	mov edx, 1
	syscall
	pop rdi
	ret

	.balign 4, 0xcc
descriptor:
