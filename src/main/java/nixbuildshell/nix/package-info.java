/** Nix as it is installed here: its configuration and its command line. */
package nixbuildshell.nix;
