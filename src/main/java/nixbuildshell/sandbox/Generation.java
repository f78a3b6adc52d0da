package nixbuildshell.sandbox;

/**
 * Nix's releases, as far as their sandboxes differ. What a build's own Nix was is seen in what it
 * kept: the version that is installed now may be another.
 */
public enum Generation {
  /** Those that keep the build directory itself; 2.8 was measured. */
  FLAT,

  /** Those since mid-2024, which keep it in a directory of root's; 2.26 was measured. */
  NESTED
}
