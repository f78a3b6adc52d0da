/** Reads what the store says: store paths, derivations, build logs and closures. */
package nixbuildshell.store;
