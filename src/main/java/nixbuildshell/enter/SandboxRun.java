package nixbuildshell.enter;

import java.nio.file.Path;
import java.util.Optional;
import nixbuildshell.Failure;
import nixbuildshell.abi.Errno;
import nixbuildshell.console.ExitCode;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.host.Advice;
import nixbuildshell.host.Restrictions;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.launch.Cgroup;
import nixbuildshell.launch.Child;
import nixbuildshell.launch.Ended;
import nixbuildshell.launch.GoPipe;
import nixbuildshell.launch.KernelProbe;
import nixbuildshell.launch.Launch;
import nixbuildshell.nix.Caller;
import nixbuildshell.plan.Outcome;
import nixbuildshell.plan.PipeEnds;
import nixbuildshell.plan.Plan;
import nixbuildshell.plan.Planner;
import nixbuildshell.plan.Step;
import nixbuildshell.sandbox.Identity;
import nixbuildshell.sandbox.SandboxSpec;
import nixbuildshell.terminal.SignalRelay;
import nixbuildshell.terminal.Terminal;

/**
 * Runs a sandbox from its launch to its end.
 *
 * @param session the descriptor of the session's directory
 */
record SandboxRun(
    Caller caller, SystemCalls calls, SandboxSpec spec, int session, SignalRelay signals) {

  /** Returns the plan as {@code --explain} shows it; the descriptors have no numbers yet. */
  static Plan explained(SandboxSpec spec, SystemCalls calls) {
    return Planner.plan(spec, new PipeEnds(-1, -1), KernelProbe.of(calls));
  }

  /**
   * Runs the program and waits for it. The calling thread makes the child, whose death signal is
   * bound to it.
   *
   * @return the tool's exit status
   * @throws Failure when the sandbox could not be made
   */
  int run() {
    boolean sharesTerminal = !spec.program().ownSession();
    Optional<Terminal.State> terminal = sharesTerminal ? Terminal.save(calls) : Optional.empty();
    // At SIGQUIT the JVM would print its threads; the command gets the signal all the same.
    Signals.ignore(calls, Signals.SIGQUIT);
    Ended ended = runToItsEnd(sharesTerminal);
    boolean alone = caller.hasTerminal(0) && caller.hasTerminal(1);
    terminal.ifPresent(state -> state.restore(alone || ended.signal() != 0));
    return status(ended);
  }

  private Ended runToItsEnd(boolean sharesTerminal) {
    Optional<Cgroup> cgroup = cgroup();
    try {
      Child child = launch(cgroup);
      signals.attach(child, sharesTerminal);
      return child.await();
    } finally {
      cgroup.ifPresent(Cgroup::close);
    }
  }

  private Optional<Cgroup> cgroup() {
    Identity user = spec.identity();
    return user.isRange()
        ? Optional.of(Cgroup.make(new FileSystem(calls), user.outsideUid(), user.outsideGid()))
        : Optional.empty();
  }

  private Child launch(Optional<Cgroup> cgroup) {
    GoPipe go = GoPipe.open(calls);
    Plan plan = Planner.plan(spec, go.ends(), KernelProbe.of(calls));
    try {
      return Launch.of(plan, spec.identity(), spec.network(), session, cgroup).start(calls, go);
    } catch (ErrnoException e) {
      throw e.failure(
          Errno.of(e.number()).map(errno -> advice().onLaunch(e.syscall(), errno)).orElse(""));
    }
  }

  private static Advice advice() {
    return new Advice(new Restrictions(Path.of("/")));
  }

  private int status(Ended ended) {
    int ending = signals.ending();
    if (ending != 0 && ended.signal() != 0) {
      return ExitCode.SIGNAL + ending;
    }
    Outcome outcome = ended.outcome();
    if (outcome instanceof Outcome.Failed failed) {
      throw failed.step().kind() == Step.Kind.EXECUTE && spec.program().isCommand()
          ? notRun(failed.errno())
          : failure(
              failed.step(),
              outcome,
              Errno.of(failed.errno())
                  .map(errno -> advice().onStep(failed.step().kind(), errno))
                  .orElse(""));
    } else if (outcome instanceof Outcome.Unexpected unexpected) {
      throw failure(unexpected.step(), outcome, "");
    } else if (outcome instanceof Outcome.Stopped stopped) {
      throw failure(stopped.step(), outcome, "");
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

  private static Failure failure(Step step, Outcome outcome, String remedy) {
    return new Failure("cannot " + step.label(), outcome.why(), remedy);
  }
}
