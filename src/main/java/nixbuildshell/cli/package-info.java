/** Reads the command line, chooses a subcommand, reports failures, and ends with the exit code. */
package nixbuildshell.cli;
