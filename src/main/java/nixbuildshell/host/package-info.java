/** Explains what this host can and can't do: advice for each errno of a failed step. */
package nixbuildshell.host;
