/**
 * Turns a sandbox into an ordered list of system calls, as text ({@code --explain}) and as bytes
 * for the interpreter. Nothing here makes a system call.
 */
package nixbuildshell.plan;
