package nixbuildshell.sandbox;

/** What of the network is seen from inside. */
public enum Network {
  /** Only a loopback interface of the sandbox's own. */
  LOOPBACK,

  /** The host's, as fixed-output and impure derivations have it. */
  HOST
}
