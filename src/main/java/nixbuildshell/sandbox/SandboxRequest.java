package nixbuildshell.sandbox;

import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;

/**
 * Describes what differs from one build's sandbox to another's; all else is the policy of {@link
 * NixSandbox}.
 *
 * @param identity the build user, inside and outside
 * @param build the facts of the build itself
 * @param view what the sandbox shows of the host
 * @param machine the host and Nix's settings on it
 */
public record SandboxRequest(Identity identity, Build build, View view, Machine machine) {

  /**
   * Describes the build that the sandbox is for.
   *
   * @param generation of the Nix that ran it
   * @param system the derivation's, {@code i686-linux} for instance; empty when it is not known
   * @param shell the program at {@code /bin/sh}, as seen from inside; empty when there is none
   * @param top a second place where the build directory is seen, when the build had no sandbox
   */
  public record Build(
      Generation generation,
      ByteString system,
      Optional<ByteString> shell,
      Optional<BuildTop> top) {}

  /**
   * Describes what of the host is seen from inside.
   *
   * @param paths of the host that the caller or Nix's settings add
   */
  public record View(StoreView store, NetworkView network, List<HostPath> paths) {
    public View {
      paths = List.copyOf(paths);
    }
  }

  /** Returns the same request with another view of the store. */
  public SandboxRequest showing(StoreView store) {
    return new SandboxRequest(identity, build, new View(store, view.network, view.paths), machine);
  }
}
