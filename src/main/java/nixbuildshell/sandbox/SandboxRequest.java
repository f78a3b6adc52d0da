package nixbuildshell.sandbox;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;

/**
 * Asks for the sandbox of one build. {@link NixSandbox} adds what all sandboxes have in common.
 *
 * @param view the part of the host that the sandbox shows
 */
public record SandboxRequest(Identity identity, Build build, View view, Machine machine) {

  /**
   * Describes the build.
   *
   * @param generation the generation of the Nix that ran it
   * @param system the derivation's system, {@code i686-linux} for instance; empty when unknown
   * @param shell the program at {@code /bin/sh}, as seen from inside; empty when there is none
   * @param top the place of the build directory, when the build had no sandbox
   * @param directory the place of the build directory in any case
   */
  public record Build(
      Generation generation,
      ByteString system,
      Optional<ByteString> shell,
      Optional<BuildTop> top,
      String directory) {}

  /**
   * Describes the part of the host that is seen from inside.
   *
   * @param paths the paths that the caller or Nix's settings add
   */
  public record View(StoreView store, NetworkView network, List<HostPath> paths) {
    public View {
      paths = List.copyOf(paths);
    }
  }

  /** Returns the same request with more paths of the host. */
  public SandboxRequest showing(List<HostPath> more) {
    List<HostPath> paths = new ArrayList<>(view.paths);
    paths.addAll(more);
    return new SandboxRequest(identity, build, new View(view.store, view.network, paths), machine);
  }

  /** Returns the same request with another view of the store. */
  public SandboxRequest showing(StoreView store) {
    return new SandboxRequest(identity, build, new View(store, view.network, view.paths), machine);
  }
}
