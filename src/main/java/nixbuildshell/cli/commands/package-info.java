/** Runs what the command line asks for: one file for each subcommand and one for the plain form. */
package nixbuildshell.cli.commands;
