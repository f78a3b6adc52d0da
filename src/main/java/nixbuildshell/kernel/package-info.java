/** Makes one system call at a time, through FFM or JNA, and holds native memory. */
package nixbuildshell.kernel;
