/** Reads what this host's Nix is: its settings, its build users and its programs. */
package nixbuildshell.nix;
