/** Decides what of this host a sandbox shows: store paths, sandbox paths and the network. */
package nixbuildshell.view;
