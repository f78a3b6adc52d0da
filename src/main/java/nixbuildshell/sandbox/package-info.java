/**
 * Describes Nix's sandbox as immutable records: files, identity, network and program. Nothing here
 * touches the kernel, or knows how a record becomes real.
 */
package nixbuildshell.sandbox;
