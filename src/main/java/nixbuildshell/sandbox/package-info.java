/**
 * Nix's sandbox policy as immutable records: what a process inside sees, who it is and what it
 * runs. Pure: nothing here touches the kernel, and no record knows how it will be carried out.
 */
package nixbuildshell.sandbox;
