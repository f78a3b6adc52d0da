/**
 * The working copy of the build directory: where sessions live, how one is staged from the kept
 * directory, told from an unchanged one, kept and cleaned up. Everything goes by open directories
 * and byte names; nothing in a kept directory is followed, and nothing there is written.
 */
package nixbuildshell.session;
