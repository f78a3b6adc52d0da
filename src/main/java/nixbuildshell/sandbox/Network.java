package nixbuildshell.sandbox;

/** Tells which network is seen from inside. */
public enum Network {
  /** The sandbox's own loopback interface only. */
  LOOPBACK,

  /** The host's network, as fixed-output and impure derivations have it. */
  HOST
}
