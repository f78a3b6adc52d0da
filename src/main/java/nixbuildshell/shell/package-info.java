/**
 * Prepares what the caller meets inside a sandbox: the shell or the command, and its environment.
 */
package nixbuildshell.shell;
