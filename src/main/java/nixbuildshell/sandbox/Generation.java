package nixbuildshell.sandbox;

/**
 * Tells Nix's releases apart by their sandboxes. The kept directory shows which Nix ran the build:
 * another version may be installed now.
 */
public enum Generation {
  /** The releases that keep the build directory itself; 2.8 was measured. */
  FLAT,

  /** The releases since mid-2024: they keep it in a directory of root; 2.26 was measured. */
  NESTED,

  /**
   * Lix since 2.94, by its source: its filter allows what it lists, and refuses the rest with
   * ENOSYS; only the refusals that builds meet are made here. What differs is told with {@code -v}.
   */
  LIX
}
