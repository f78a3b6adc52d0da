/** Prints what the tool says to the caller: messages, progress, quoted words, exit codes. */
package nixbuildshell.console;
