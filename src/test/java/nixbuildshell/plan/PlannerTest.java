package nixbuildshell.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.files.EntryList;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Listing;
import nixbuildshell.sandbox.BuildTop;
import nixbuildshell.sandbox.Generation;
import nixbuildshell.sandbox.HostFile;
import nixbuildshell.sandbox.Identity;
import nixbuildshell.sandbox.Machine;
import nixbuildshell.sandbox.Network;
import nixbuildshell.sandbox.NetworkView;
import nixbuildshell.sandbox.NixSandbox;
import nixbuildshell.sandbox.Program;
import nixbuildshell.sandbox.SampleRequest;
import nixbuildshell.sandbox.SandboxRequest;
import nixbuildshell.sandbox.SandboxSpec;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.store.NixStore;
import org.junit.jupiter.api.Test;

/** Compares whole plans with checked-in texts, without a kernel. */
class PlannerTest {
  private static final Path GOLDEN = Path.of("src/test/resources/nixbuildshell/plan");
  private static final ByteString SHELL =
      ByteString.of("/nix/store/00000000000000000000000000000000-bash-5.2/bin/bash");

  private static final StoreView.Exact EXACT =
      new StoreView.Exact(
          EntryList.of(
              List.of(
                  member("bash-5.2", FileType.DIRECTORY),
                  member("setup.sh", FileType.REGULAR),
                  member("link", FileType.LINK))));

  private static Listing.Entry member(String name, FileType type) {
    return new Listing.Entry(ByteString.of("0".repeat(32) + "-" + name), type);
  }

  @Test
  void anOrdinaryUsersPlan() throws IOException {
    matches("user.txt", new Identity(1234, 5678, false), false, true);
  }

  @Test
  void anOrdinaryUsersPlanWithoutATerminalAndWithKvm() throws IOException {
    matches("user-kvm-no-terminal.txt", new Identity(1234, 5678, false), true, false);
  }

  @Test
  void rootsPlan() throws IOException {
    matches("root.txt", new Identity(30001, 30000, true), false, true);
  }

  /** Plans for root of a range of users: Nix's order, but the ids come first. */
  @Test
  void rootsPlanForARangeOfUsers() throws IOException {
    matches("root-uid-range.txt", Identity.range(872415232L), false, false, EXACT);
  }

  /** The owner of the root must not write to /etc, which gets its mode when its files are there. */
  @Test
  void rootsPlanForABuildOfANewerNixWithoutATerminal() throws IOException {
    Identity identity = new Identity(30001, 30000, true);
    SandboxRequest.Build build = SampleRequest.build(Generation.NESTED, Optional.of(SHELL));
    matches("root-nested-no-terminal.txt", SampleRequest.of(identity, build, EXACT), false);
  }

  /** A directory and a file are mounted, a link is not. */
  @Test
  void anOrdinaryUsersPlanWithAnExactStore() throws IOException {
    matches("user-exact-store.txt", new Identity(1234, 5678, false), false, true, EXACT);
  }

  @Test
  void rootsPlanWithAnExactStore() throws IOException {
    matches("root-exact-store.txt", new Identity(30001, 30000, true), false, true, EXACT);
  }

  /** Plans without close_range and mount_setattr. */
  @Test
  void anOrdinaryUsersPlanOnAnOldKernel() throws IOException {
    OldKernel old = new OldKernel(true, List.of(3, 4, 1000));
    Identity identity = new Identity(1234, 5678, false);
    matches(
        "user-old-kernel.txt", SampleRequest.of(identity, Optional.of(SHELL), EXACT), false, old);
  }

  /** Plans for a fixed-output derivation. */
  @Test
  void anOrdinaryUsersPlanWithTheHostsNetwork() throws IOException {
    List<HostFile> files = new ArrayList<>(HostFile.OF_THE_NETWORK);
    files.add(new HostFile(HostFile.CERTIFICATES, "/etc/pki/bundle.crt"));
    SandboxRequest request =
        new SandboxRequest(
            new Identity(1234, 5678, false),
            SampleRequest.build(Generation.FLAT, Optional.of(SHELL)),
            new SandboxRequest.View(EXACT, new NetworkView(Network.HOST, files), List.of()),
            SampleRequest.MACHINE);
    matches("user-network.txt", request, false, OldKernel.NONE);
  }

  /** Plans for a build without a sandbox, below the setting build-dir. */
  @Test
  void rootsPlanWithTheBuildDirectoryElsewhereToo() throws IOException {
    ByteString top = ByteString.of("/var/builds/nix-4711-1234567/build");
    SandboxRequest.Build build =
        new SandboxRequest.Build(
            Generation.FLAT,
            ByteString.EMPTY,
            Optional.of(SHELL),
            BuildTop.of(top, Optional.of(ByteString.of("/var/builds"))),
            top.latin1());
    Identity identity = new Identity(30001, 30000, true);
    SandboxRequest request = SampleRequest.of(identity, build, new StoreView.Whole());
    matches("root-build-top.txt", request, true, OldKernel.NONE);
  }

  /**
   * When a step fails that makes the terminal, the tool plans without terminals: none of these
   * steps is left, and they alone are gone.
   */
  @Test
  void whatMakesATerminalIsNotInAPlanWithoutTerminals() {
    for (boolean root : List.of(true, false)) {
      SandboxRequest request =
          SampleRequest.of(new Identity(30001, 30000, root), Optional.of(SHELL), EXACT);
      Program program =
          new Program(List.of(SHELL), List.of(SHELL), List.of(), "/build", true, false);
      SandboxSpec spec = NixSandbox.of(request, program);
      PipeEnds go = new PipeEnds(5, 6);
      List<Step> with =
          new ArrayList<>(
              Planner.plan(spec, go, SampleStreams.onTerminal(8, 9), OldKernel.NONE).steps());
      List<Step> without =
          Planner.plan(spec.withoutTerminals(), go, SampleStreams.INHERITED, OldKernel.NONE)
              .steps();
      assertTrue(with.removeIf(each -> each.kind() == Step.Kind.MAKE_TERMINAL));
      with.removeIf(
          each -> each.label().contains("/dev/pts") || each.label().contains("/dev/ptmx"));
      assertEquals(labels(with), labels(without));
    }
  }

  private static List<String> labels(List<Step> steps) {
    return steps.stream().map(Step::label).toList();
  }

  private static void matches(String golden, Identity identity, boolean kvm, boolean terminal)
      throws IOException {
    matches(golden, identity, kvm, terminal, new StoreView.Whole());
  }

  private static void matches(
      String golden, Identity identity, boolean kvm, boolean terminal, StoreView store)
      throws IOException {
    SandboxRequest plain = SampleRequest.of(identity, Optional.of(SHELL), store);
    Machine machine = new Machine(true, kvm, true, false, NixStore.DEFAULT);
    matches(golden, new SandboxRequest(identity, plain.build(), plain.view(), machine), terminal);
  }

  private static void matches(String golden, SandboxRequest request, boolean terminal)
      throws IOException {
    matches(golden, request, terminal, OldKernel.NONE);
  }

  private static void matches(
      String golden, SandboxRequest request, boolean terminal, OldKernel kernel)
      throws IOException {
    Program program =
        new Program(
            List.of(SHELL),
            List.of(SHELL, ByteString.of("-c"), ByteString.of("exec \"$@\""), ByteString.of("é\n")),
            List.of(ByteString.of("A=1")),
            request.build().directory(),
            true,
            false);
    SandboxSpec spec = NixSandbox.of(request, program);
    StandardStreams streams =
        terminal ? SampleStreams.onTerminal(8, 9) : SampleStreams.WITHOUT_TERMINAL;
    Plan plan = Planner.plan(spec, new PipeEnds(5, 6), streams, kernel);
    if (System.getenv("UPDATE_GOLDEN") != null) {
      Files.writeString(GOLDEN.resolve(golden), plan.toString());
    }
    assertEquals(Files.readString(GOLDEN.resolve(golden)), plan.toString());
  }
}
