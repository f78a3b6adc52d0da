package nixbuildshell.sandbox;

/**
 * Tells Nix's releases apart by their sandboxes. The kept directory shows which Nix ran the build:
 * another version may be installed now.
 */
public enum Generation {
  /** The releases that keep the build directory itself; 2.8 was measured. */
  FLAT,

  /** The releases since mid-2024: they keep it in a directory of root; 2.26 was measured. */
  NESTED
}
