package nixbuildshell.sandbox;

import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;

/**
 * What differs from one build's sandbox to another's; all else is the policy of {@link NixSandbox}.
 *
 * @param identity who the builder is
 * @param shell the program at {@code /bin/sh}, as seen from inside; empty when there is none
 * @param store what is seen of it
 * @param network what is seen of it
 * @param hostFiles the host's files that come with its network, those that it has
 * @param generation whose sandbox it is
 * @param system the derivation's, {@code i686-linux} for instance; empty when it is not known
 * @param host where that is
 * @param buildTop where else the build directory is seen: the build had no sandbox
 * @param paths of the host that are seen too
 */
public record Circumstances(
    Identity identity,
    Optional<ByteString> shell,
    StoreView store,
    Network network,
    List<HostFile> hostFiles,
    Generation generation,
    ByteString system,
    Host host,
    Optional<BuildTop> buildTop,
    List<HostPath> paths) {

  public Circumstances {
    hostFiles = List.copyOf(hostFiles);
    paths = List.copyOf(paths);
  }

  /** Those of a build that asks for nothing special. */
  public static Circumstances of(Identity identity, Optional<ByteString> shell, StoreView store) {
    return new Circumstances(
        identity,
        shell,
        store,
        Network.LOOPBACK,
        List.of(),
        Generation.FLAT,
        ByteString.of(""),
        Host.X86_64,
        Optional.empty(),
        List.of());
  }

  public Circumstances withShell(Optional<ByteString> program) {
    return new Circumstances(
        identity, program, store, network, hostFiles, generation, system, host, buildTop, paths);
  }

  public Circumstances withPaths(List<HostPath> seen) {
    return new Circumstances(
        identity, shell, store, network, hostFiles, generation, system, host, buildTop, seen);
  }

  public Circumstances withStore(StoreView seen) {
    return new Circumstances(
        identity, shell, seen, network, hostFiles, generation, system, host, buildTop, paths);
  }

  public Circumstances withNetwork(Network seen, List<HostFile> files) {
    return new Circumstances(
        identity, shell, store, seen, files, generation, system, host, buildTop, paths);
  }

  public Circumstances withGeneration(Generation builtBy) {
    return new Circumstances(
        identity, shell, store, network, hostFiles, builtBy, system, host, buildTop, paths);
  }

  public Circumstances withSystem(ByteString name) {
    return new Circumstances(
        identity, shell, store, network, hostFiles, generation, name, host, buildTop, paths);
  }

  public Circumstances on(Host machine) {
    return new Circumstances(
        identity, shell, store, network, hostFiles, generation, system, machine, buildTop, paths);
  }

  public Circumstances withBuildTop(Optional<BuildTop> top) {
    return new Circumstances(
        identity, shell, store, network, hostFiles, generation, system, host, top, paths);
  }
}
