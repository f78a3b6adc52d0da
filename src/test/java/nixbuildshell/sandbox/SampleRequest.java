package nixbuildshell.sandbox;

import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.store.NixStore;

/** Makes the requests of builds that ask for nothing special. */
public final class SampleRequest {
  public static final Machine MACHINE = new Machine(true, false, true, false, NixStore.DEFAULT);

  private SampleRequest() {}

  public static SandboxRequest of(Identity identity, Optional<ByteString> shell, StoreView store) {
    return of(identity, build(Generation.FLAT, shell), store);
  }

  public static SandboxRequest of(Identity identity, SandboxRequest.Build build, StoreView store) {
    return new SandboxRequest(
        identity, build, new SandboxRequest.View(store, NetworkView.LOOPBACK, List.of()), MACHINE);
  }

  public static SandboxSpec withEntries(SandboxSpec spec, List<Entry> entries) {
    return new SandboxSpec(
        spec.identity(),
        spec.hostName(),
        spec.domainName(),
        spec.network(),
        spec.filter(),
        spec.personality(),
        entries,
        spec.program());
  }

  public static SandboxRequest.Build build(Generation generation, Optional<ByteString> shell) {
    return new SandboxRequest.Build(
        generation, ByteString.EMPTY, shell, Optional.empty(), "/build");
  }
}
