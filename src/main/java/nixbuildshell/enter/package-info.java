/** Tells the story from a failed build to a running sandbox and back to the exit status. */
package nixbuildshell.enter;
