package nixbuildshell.sandbox;

import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;

/**
 * What differs from one build's sandbox to another's; all else is the policy of {@link NixSandbox}.
 *
 * @param identity who the builder is
 * @param shell the program at {@code /bin/sh}, as seen from inside; empty when there is none
 * @param kvm whether the host has {@code /dev/kvm}
 * @param store what is seen of it
 * @param network what is seen of it
 * @param generation whose sandbox it is
 * @param system the derivation's, {@code i686-linux} for instance; empty when it is not known
 * @param host where that is
 * @param paths of the host that are seen too
 */
public record Circumstances(
    Identity identity,
    Optional<ByteString> shell,
    boolean kvm,
    StoreView store,
    Network network,
    Generation generation,
    ByteString system,
    Host host,
    List<HostPath> paths) {

  public Circumstances {
    paths = List.copyOf(paths);
  }

  /** Those of a build that asks for nothing special. */
  public static Circumstances of(Identity identity, Optional<ByteString> shell, StoreView store) {
    return new Circumstances(
        identity,
        shell,
        false,
        store,
        Network.LOOPBACK,
        Generation.FLAT,
        ByteString.of(""),
        Host.X86_64,
        List.of());
  }

  public Circumstances withKvm(boolean present) {
    return new Circumstances(
        identity, shell, present, store, network, generation, system, host, paths);
  }

  public Circumstances withShell(Optional<ByteString> program) {
    return new Circumstances(
        identity, program, kvm, store, network, generation, system, host, paths);
  }

  public Circumstances withPaths(List<HostPath> seen) {
    return new Circumstances(identity, shell, kvm, store, network, generation, system, host, seen);
  }

  public Circumstances withStore(StoreView seen) {
    return new Circumstances(identity, shell, kvm, seen, network, generation, system, host, paths);
  }

  public Circumstances withNetwork(Network seen) {
    return new Circumstances(identity, shell, kvm, store, seen, generation, system, host, paths);
  }

  public Circumstances withGeneration(Generation builtBy) {
    return new Circumstances(identity, shell, kvm, store, network, builtBy, system, host, paths);
  }

  public Circumstances withSystem(ByteString name) {
    return new Circumstances(identity, shell, kvm, store, network, generation, name, host, paths);
  }

  public Circumstances on(Host machine) {
    return new Circumstances(
        identity, shell, kvm, store, network, generation, system, machine, paths);
  }
}
