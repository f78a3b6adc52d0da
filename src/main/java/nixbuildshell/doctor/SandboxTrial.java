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
import nixbuildshell.files.EntryList;
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
    Advice advice = new Advice(new Restrictions(Path.of("/")));
    try {
      return of(outcome(new StoreView.Exact(EntryList.of(List.of()))), advice);
    } catch (ErrnoException e) {
      String remedy =
          Errno.of(e.number()).map(errno -> advice.onLaunch(e.syscall(), errno)).orElse("");
      return List.of(Finding.failed(NAMESPACES, e.failure("").getMessage(), remedy));
    }
  }

  private Outcome outcome(StoreView view) throws ErrnoException {
    identity.owner().ifPresent(session::renewRoot);
    GoPipe go = GoPipe.open(calls);
    StandardStreams.Stream nothing = new StandardStreams.NullDevice();
    Plan plan =
        Planner.plan(
            spec(view),
            go.ends(),
            new StandardStreams(List.of(nothing, nothing, nothing), Optional.empty()),
            KernelProbe.of(calls));
    int directory = session.directory().self().number();
    return Launch.of(plan, identity, Network.LOOPBACK, directory, Optional.empty())
        .start(calls, go)
        .await()
        .outcome();
  }

  private List<Finding> of(Outcome outcome, Advice advice) throws ErrnoException {
    Finding namespaces =
        Finding.ok(NAMESPACES, "a process in user, mount, PID, network, IPC and UTS namespaces");
    Finding procfs = Finding.ok(PROCFS, "mounted in a new PID namespace");
    if (!(outcome instanceof Outcome.Failed failed)) {
      return List.of(
          namespaces, Finding.failed(SANDBOX, "the trial ended early: " + outcome.why(), ""));
    } else if (isMade(outcome)) {
      return List.of(
          namespaces,
          procfs,
          Finding.ok(SANDBOX, "made as for a build, to its last step"),
          overlay());
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

  /** Decides whether all steps were done but the last, whose program does not exist. */
  private static boolean isMade(Outcome outcome) {
    return outcome instanceof Outcome.Failed failed
        && failed.step().kind() == Step.Kind.EXECUTE
        && failed.errno() == Errno.ENOENT.number();
  }

  private Finding overlay() throws ErrnoException {
    return isMade(outcome(new StoreView.Whole()))
        ? Finding.ok("overlay", "mounted in a user namespace")
        : Finding.note(
            "overlay",
            "cannot be mounted in a user namespace: no sandbox can show the whole store",
            "Linux 5.11 or later, outside of a container; where sessions lie on an overlay,"
                + " --work-dir");
  }

  private SandboxSpec spec(StoreView view) {
    SandboxRequest request =
        new SandboxRequest(
            identity,
            new SandboxRequest.Build(
                Generation.NESTED, ByteString.EMPTY, Optional.empty(), Optional.empty(), "/build"),
            new SandboxRequest.View(view, NetworkView.LOOPBACK, List.of()),
            new Machine(calls.abi() == Abi.X86_64, false, true, false, store));
    List<ByteString> program = List.of(ByteString.of(NO_PROGRAM));
    return NixSandbox.of(request, new Program(program, program, List.of(), "/build", false, true));
  }
}
