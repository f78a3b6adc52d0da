/** Handles the caller's terminal and the signals that reach the tool. */
package nixbuildshell.terminal;
