package nixbuildshell.enter;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;
import nixbuildshell.capture.EnvVars;
import nixbuildshell.files.EntryList;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Listing;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.plan.Image;
import nixbuildshell.plan.OldKernel;
import nixbuildshell.plan.PipeEnds;
import nixbuildshell.plan.Planner;
import nixbuildshell.plan.StandardStreams;
import nixbuildshell.plan.StandardStreams.Inherited;
import nixbuildshell.plan.StandardStreams.PipeEnd;
import nixbuildshell.sandbox.Generation;
import nixbuildshell.sandbox.Identity;
import nixbuildshell.sandbox.Machine;
import nixbuildshell.sandbox.NetworkView;
import nixbuildshell.sandbox.NixSandbox;
import nixbuildshell.sandbox.Program;
import nixbuildshell.sandbox.SandboxRequest;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.store.KeptName;
import nixbuildshell.store.NixStore;

/**
 * Plans a made-up sandbox, and drops the plan. Java takes longer to link code when it first runs
 * than to run it, so this is done while a first system call would wait for FFM.
 */
public final class Rehearsal {
  private static final ByteString SHELL = ByteString.of("/bin/sh");

  private Rehearsal() {}

  /** Runs what reads a kept directory and what plans a sandbox. */
  public static void run() {
    read();
    plan();
  }

  private static void read() {
    new CRC32(); // It loads a native library.
    KeptName.of(ByteString.of("nix-build-rehearsal.drv-0"));
    try {
      EnvVars.parse("declare -x out=\"/\"\n".getBytes(StandardCharsets.US_ASCII));
    } catch (Malformed e) {
      throw new AssertionError("bash writes such a line", e);
    }
  }

  private static void plan() {
    StandardStreams streams =
        new StandardStreams(
            List.of(new Inherited(), new PipeEnd(1), new PipeEnd(2)), Optional.empty());
    Program program = new Program(List.of(SHELL), List.of(SHELL), List.of(), "/", true, true);
    Image.of(
        Planner.plan(
            NixSandbox.of(request(), program), new PipeEnds(3, 4), streams, OldKernel.NONE),
        SystemCalls.machine(),
        0);
  }

  private static SandboxRequest request() {
    ByteString name = ByteString.of("0".repeat(32) + "-rehearsal");
    StoreView store =
        new StoreView.Exact(EntryList.of(List.of(new Listing.Entry(name, FileType.DIRECTORY))));
    return new SandboxRequest(
        new Identity(1, 1, false),
        new SandboxRequest.Build(
            Generation.NESTED, ByteString.EMPTY, Optional.of(SHELL), Optional.empty(), "/build"),
        new SandboxRequest.View(store, NetworkView.LOOPBACK, List.of()),
        new Machine(true, true, true, false, NixStore.DEFAULT));
  }
}
