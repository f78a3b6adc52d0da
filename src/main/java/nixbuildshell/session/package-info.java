/**
 * Makes, keeps, compares and deletes sessions: working copies of kept directories. All access is by
 * open directories and byte names. No link in a kept directory is followed, and nothing there is
 * written.
 */
package nixbuildshell.session;
