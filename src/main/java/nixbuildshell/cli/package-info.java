/** The command line: options, messages, exit codes, and the order in which the rooms are called. */
package nixbuildshell.cli;
