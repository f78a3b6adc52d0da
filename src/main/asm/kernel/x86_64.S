/*
 * void handler(int signal): let the kernel delay the timeouts of the thread that gets the signal,
 * by up to an hour.
 *
 * Only a thread itself can ask for that, so the kernel calls this code in a thread of the JVM, with
 * whatever that thread was doing left in the middle: the code makes one system call, and uses no
 * memory. nixbuildshell.kernel.JvmTimers sends the signal.
 */
	.intel_syntax noprefix

	.equ SYS_prctl, 157
	.equ PR_SET_TIMERSLACK, 29
	.equ NANOSECONDS, 3600000000000

	.include "restorer-x86_64.inc"
handler:
	endbr64				/* does nothing where the CPU does not check indirect calls */
	mov eax, SYS_prctl
	mov edi, PR_SET_TIMERSLACK
	movabs rsi, NANOSECONDS
	syscall
	ret
