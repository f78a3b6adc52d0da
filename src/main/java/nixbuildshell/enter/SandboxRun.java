package nixbuildshell.enter;

import java.util.List;
import java.util.Optional;
import nixbuildshell.Failure;
import nixbuildshell.abi.Errno;
import nixbuildshell.console.ExitCode;
import nixbuildshell.console.Messages;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.launch.Cgroup;
import nixbuildshell.launch.Child;
import nixbuildshell.launch.Ended;
import nixbuildshell.launch.GoPipe;
import nixbuildshell.launch.HeldMounts;
import nixbuildshell.launch.KernelProbe;
import nixbuildshell.launch.Launch;
import nixbuildshell.plan.Outcome;
import nixbuildshell.plan.PipeEnds;
import nixbuildshell.plan.Plan;
import nixbuildshell.plan.Planner;
import nixbuildshell.plan.StandardStreams;
import nixbuildshell.plan.Step;
import nixbuildshell.sandbox.Entry;
import nixbuildshell.sandbox.Entry.BoundStore;
import nixbuildshell.sandbox.Identity;
import nixbuildshell.sandbox.SandboxSpec;
import nixbuildshell.session.Session;
import nixbuildshell.terminal.CallersStream;
import nixbuildshell.terminal.SignalRelay;
import nixbuildshell.terminal.Streams;

/**
 * Runs a sandbox from its launch to its end.
 *
 * @param mounts holds the sandbox's from its launch on, until the next run or {@link
 *     Launcher#leave}
 * @param streams the caller's descriptors 0, 1 and 2
 */
record SandboxRun(
    SystemCalls calls,
    HeldMounts mounts,
    SandboxSpec spec,
    Session session,
    List<CallersStream> streams,
    SignalRelay signals,
    Messages messages) {
  /** Mounts that the kernel takes down in less than a millisecond, about. */
  private static final int MANY_MOUNTS = 100;

  /** Returns the plan as {@code --explain} shows it; the descriptors have no numbers yet. */
  static Plan explained(SandboxSpec spec, SystemCalls calls) {
    StandardStreams streams = Streams.explained(CallersStream.all(calls));
    return Planner.plan(spec, new PipeEnds(-1, -1), streams, KernelProbe.of(calls));
  }

  /**
   * Runs the program and waits for it. The calling thread makes the child, whose death signal is
   * bound to it.
   *
   * @return the tool's exit status
   * @throws Failure when the sandbox could not be made, or output could not be written
   */
  int run() {
    try {
      Run run = run(spec, true);
      if (!(run.ended().outcome() instanceof Outcome.Failed failed)
          || failed.step().kind() != Step.Kind.MAKE_TERMINAL) {
        return status(run);
      }
      tellNoTerminal("cannot " + failed.step().label() + ": " + failed.why());
    } catch (ErrnoException e) {
      tellNoTerminal(e.failure("").getMessage());
    }
    try {
      return status(run(spec.withoutTerminals(), false));
    } catch (ErrnoException e) {
      throw e.failure("");
    }
  }

  private void tellNoTerminal(String why) {
    messages.note(why + "; so the sandbox has no terminals, and the program gets pipes");
  }

  /**
   * Tells how a run ended.
   *
   * @param ending the signal by which the caller ended it; 0 for none
   * @param lost the failure that lost bytes of the standard streams
   */
  private record Run(Ended ended, int ending, Optional<Failure> lost) {}

  private Run run(SandboxSpec wanted, boolean terminals) throws ErrnoException {
    wanted.identity().owner().ifPresent(session::renewRoot);
    Optional<Cgroup> cgroup = cgroup();
    try (Streams connected = Streams.open(calls, given(), terminals)) {
      mounts.leave();
      Child child = launch(wanted, connected.plan(), cgroup);
      if (hasManyMounts(wanted)) {
        mounts.hold(child.pid());
      }
      Ended ended = connected.await(child, signals);
      int ending = signals.ending();
      signals.begin();
      return new Run(ended, ending, connected.finish(() -> signals.ending() != 0));
    } finally {
      cgroup.ifPresent(Cgroup::close);
    }
  }

  private static boolean hasManyMounts(SandboxSpec wanted) {
    for (Entry entry : wanted.entries()) {
      if (entry instanceof BoundStore store) {
        return store.paths().size() > MANY_MOUNTS;
      }
    }
    return false;
  }

  /** Returns the caller's streams, without stdin for a program of the tool's own. */
  private List<CallersStream> given() {
    return spec.program().readsInput()
        ? streams
        : List.of(streams.get(0).withoutInput(), streams.get(1), streams.get(2));
  }

  private Optional<Cgroup> cgroup() {
    Identity user = spec.identity();
    return user.isRange()
        ? Optional.of(Cgroup.make(new FileSystem(calls), user.outsideUid(), user.outsideGid()))
        : Optional.empty();
  }

  private Child launch(SandboxSpec wanted, StandardStreams plan, Optional<Cgroup> cgroup) {
    GoPipe go = GoPipe.open(calls);
    Plan steps = Planner.plan(wanted, go.ends(), plan, KernelProbe.of(calls));
    int directory = session.directory().self().number();
    try {
      return Launch.of(steps, spec.identity(), spec.network(), directory, cgroup).start(calls, go);
    } catch (ErrnoException e) {
      throw BrokenStep.of(e);
    }
  }

  private int status(Run run) {
    Ended ended = run.ended();
    if (run.ending() != 0 && ended.signal() != 0) {
      return ExitCode.SIGNAL + run.ending();
    }
    if (ended.outcome() instanceof Outcome.Failed failed
        && failed.step().kind() == Step.Kind.EXECUTE
        && spec.program().isCommand()) {
      throw notRun(failed.errno());
    }
    Optional<Failure> broken = BrokenStep.of(ended.outcome());
    if (broken.isPresent()) {
      throw broken.get();
    }
    if (run.lost().isPresent()) {
      throw run.lost().get();
    }
    return ended.status();
  }

  private Failure notRun(int errno) {
    boolean missing = errno == Errno.ENOENT.number() || errno == Errno.ENOTDIR.number();
    return new Failure(
        "cannot run " + spec.program().arguments().get(0),
        Errno.describe(errno),
        missing
            ? "a command that is in the sandbox, by its path: there is no shell that would find it"
            : "",
        missing ? ExitCode.NOT_FOUND : ExitCode.NOT_EXECUTABLE);
  }
}
