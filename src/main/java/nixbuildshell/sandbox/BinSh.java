package nixbuildshell.sandbox;

/** Tells what a sandbox has at {@code /bin/sh}. */
public enum BinSh {
  /** The build's own shell, as the project's assignment wants; what the build had, where known. */
  BUILD,

  /** What Nix gave the build, by its setting {@code sandbox-paths}; perhaps nothing. */
  NIX
}
