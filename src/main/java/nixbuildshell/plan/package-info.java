/**
 * From a sandbox to system calls: an ordered list of steps, its text form ({@code --explain}) and
 * its byte form (what the interpreter runs). Pure: nothing here makes a system call.
 */
package nixbuildshell.plan;
