package nixbuildshell.launch;

import nixbuildshell.sandbox.Network;

/**
 * Names the namespaces that Nix gives a build, as flags of clone(2).
 *
 * <p>Source: {@code sched.h}; {@code startBuilder} in Nix's local-derivation-goal.cc.
 */
public final class Namespaces {
  private static final long MOUNT = 0x00020000;
  private static final long UTS = 0x04000000;
  private static final long IPC = 0x08000000;
  private static final long USER = 0x10000000;
  private static final long PID = 0x20000000;
  private static final long NETWORK = 0x40000000;

  private Namespaces() {}

  /** Returns the flags for a sandbox; with the host's network there is no network namespace. */
  public static long of(Network network) {
    long always = MOUNT | UTS | IPC | USER | PID;
    return network == Network.HOST ? always : always | NETWORK;
  }
}
