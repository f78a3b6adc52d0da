/**
 * Finds builds that are running, holds one so that it can never go on, and tells how to enter it.
 */
package nixbuildshell.attach;
