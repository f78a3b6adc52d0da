/*
 * A program around the code that makes a system call (code.bin) for qemu-user. Two calls of mmap fail: of a descriptor that
 * is none, and at an offset that is no page's. It exits, by the code as well, with the sum of both errnos.
 */
	.equ SYS_mmap, 222
	.equ SYS_exit_group, 94
	.equ PAGE, 4096
	.equ PROT_READ, 1
	.equ MAP_PRIVATE, 2
	.equ NO_DESCRIPTOR, 99

	.macro map offset
	mov x0, SYS_mmap
	mov x1, 0
	mov x2, PAGE
	mov x3, PROT_READ
	mov x4, MAP_PRIVATE
	mov x5, NO_DESCRIPTOR
	mov x6, \offset
	bl code
	.endm

	.text
	.globl _start
_start:
	map 0
	mov x19, x0
	map 1
	add x1, x0, x19
	neg x1, x1
	mov x0, SYS_exit_group
	bl code

	.balign 16
code:
	.incbin "code.bin"
