/** Names the numbers of the kernel's interface: system calls, errnos, architectures. */
package nixbuildshell.abi;
