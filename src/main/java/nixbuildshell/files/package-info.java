/**
 * Handles files by open descriptors: reading, copying, removing and comparing trees. No path is
 * followed through a link, and names are bytes.
 */
package nixbuildshell.files;
