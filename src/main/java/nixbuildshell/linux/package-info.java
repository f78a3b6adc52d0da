/**
 * The kernel, and nothing else: the only room that touches native memory. One binding ({@link
 * nixbuildshell.linux.Kernel}) carries every system call; on it stand files by descriptor, the
 * launch of a plan, the terminal and signals.
 */
package nixbuildshell.linux;
