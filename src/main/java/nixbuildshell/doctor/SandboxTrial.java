package nixbuildshell.doctor;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Abi;
import nixbuildshell.abi.Errno;
import nixbuildshell.doctor.Finding.State;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.host.Advice;
import nixbuildshell.host.Restrictions;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.launch.GoPipe;
import nixbuildshell.launch.KernelProbe;
import nixbuildshell.launch.Launch;
import nixbuildshell.plan.Outcome;
import nixbuildshell.plan.Plan;
import nixbuildshell.plan.Planner;
import nixbuildshell.plan.StandardStreams;
import nixbuildshell.plan.Step;
import nixbuildshell.sandbox.Generation;
import nixbuildshell.sandbox.Identity;
import nixbuildshell.sandbox.Machine;
import nixbuildshell.sandbox.Network;
import nixbuildshell.sandbox.NetworkView;
import nixbuildshell.sandbox.NixSandbox;
import nixbuildshell.sandbox.Program;
import nixbuildshell.sandbox.SandboxRequest;
import nixbuildshell.sandbox.SandboxSpec;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.session.Session;
import nixbuildshell.store.NixStore;
import nixbuildshell.view.LayerProbe;

/**
 * Makes a whole sandbox, in a session of its own, up to the last system call: its program does not
 * exist, so that nothing runs.
 */
record SandboxTrial(SystemCalls calls, NixStore store, Identity identity, Session session) {
  private static final String NAMESPACES = "namespaces";
  private static final String PROCFS = "procfs";
  private static final String SANDBOX = "sandbox";
  private static final String NO_PROGRAM = "/no-program";

  /** Tries all. */
  List<Finding> findings() {
    FutureTask<List<Finding>> trial = new FutureTask<>(this::tried);
    // The cloning thread moves into the session and may lose its groups, so it is another one.
    new Thread(trial, "sandbox trial").start();
    try {
      return trial.get();
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private List<Finding> tried() {
    identity.owner().ifPresent(session::renewRoot);
    Advice advice = new Advice(new Restrictions(Path.of("/")));
    GoPipe go = GoPipe.open(calls);
    StandardStreams.Stream nothing = new StandardStreams.NullDevice();
    Plan plan =
        Planner.plan(
            spec(),
            go.ends(),
            new StandardStreams(List.of(nothing, nothing, nothing), Optional.empty()),
            KernelProbe.of(calls));
    int directory = session.directory().self().number();
    try {
      Outcome outcome =
          Launch.of(plan, identity, Network.LOOPBACK, directory, Optional.empty())
              .start(calls, go)
              .await()
              .outcome();
      return of(outcome, advice);
    } catch (ErrnoException e) {
      String remedy =
          Errno.of(e.number()).map(errno -> advice.onLaunch(e.syscall(), errno)).orElse("");
      return List.of(Finding.failed(NAMESPACES, e.failure("").getMessage(), remedy));
    }
  }

  private List<Finding> of(Outcome outcome, Advice advice) {
    Finding namespaces =
        Finding.ok(NAMESPACES, "a process in user, mount, PID, network, IPC and UTS namespaces");
    Finding procfs = Finding.ok(PROCFS, "mounted in a new PID namespace");
    if (!(outcome instanceof Outcome.Failed failed)) {
      return List.of(
          namespaces, Finding.failed(SANDBOX, "the trial ended early: " + outcome.why(), ""));
    } else if (failed.step().kind() == Step.Kind.EXECUTE
        && failed.errno() == Errno.ENOENT.number()) {
      return List.of(
          namespaces,
          procfs,
          Finding.ok(SANDBOX, "made as for a build, to its last step"),
          layers());
    }
    String remedy =
        Errno.of(failed.errno())
            .map(errno -> advice.onStep(failed.step().kind(), errno))
            .orElse("");
    String part = failed.step().kind() == Step.Kind.MOUNT_PROC ? PROCFS : SANDBOX;
    return List.of(
        namespaces,
        new Finding(
            part, State.FAILED, "cannot " + failed.step().label() + ": " + failed.why(), remedy));
  }

  private Finding layers() {
    int directory = session.directory().self().number();
    return new LayerProbe(calls, store, identity, directory).mounts()
        ? Finding.ok("overlay", "mounted in a user namespace")
        : Finding.note(
            "overlay",
            "cannot be mounted in a user namespace: a sandbox that shows many store paths takes"
                + " longer, and none can show the whole store",
            "Linux 5.11 or later, outside of a container; where sessions lie on an overlay,"
                + " --work-dir");
  }

  private SandboxSpec spec() {
    SandboxRequest request =
        new SandboxRequest(
            identity,
            new SandboxRequest.Build(
                Generation.NESTED, ByteString.EMPTY, Optional.empty(), Optional.empty(), "/build"),
            new SandboxRequest.View(
                new StoreView.Exact(List.of(), false), NetworkView.LOOPBACK, List.of()),
            new Machine(calls.abi() == Abi.X86_64, false, true, false, store));
    List<ByteString> program = List.of(ByteString.of(NO_PROGRAM));
    return NixSandbox.of(request, new Program(program, program, List.of(), "/build", false, true));
  }
}
