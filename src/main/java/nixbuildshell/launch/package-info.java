/** Runs a plan in a cloned child and waits for it. */
package nixbuildshell.launch;
