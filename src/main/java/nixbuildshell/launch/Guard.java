package nixbuildshell.launch;

import java.util.ArrayList;
import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.Readiness;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.plan.GuardPlan;
import nixbuildshell.plan.Image;
import nixbuildshell.plan.Outcome;

/** Starts the process that a {@link GuardPlan} describes, and hears how far it has come. */
public final class Guard implements AutoCloseable {
  private static final int INSTRUCTION = 8;

  private final SystemCalls calls;
  private final SharedImage image;
  private final long pid;
  private final int reportEnd;
  private final int goEnd;
  private boolean left;

  private Guard(SystemCalls calls, SharedImage image, long pid, int reportEnd, int goEnd) {
    this.calls = calls;
    this.image = image;
    this.pid = pid;
    this.reportEnd = reportEnd;
    this.goEnd = goEnd;
  }

  /**
   * Clones the guard, which begins at once.
   *
   * @param reportEnd where this process reads what the guard reports
   * @param goEnd where this process writes the byte that lets it go on
   */
  public static Guard start(SystemCalls calls, GuardPlan plan, int reportEnd, int goEnd)
      throws ErrnoException {
    Signals.restore(calls, Signals.SIGCHLD);
    SharedImage image = SharedImage.of(calls, Image.of(plan.plan(), calls.abi(), Signals.SIGCHLD));
    try {
      long pid = ErrnoException.check("make the guard's process", Syscall.CLONE, image.run());
      return new Guard(calls, image, pid, reportEnd, goEnd);
    } catch (ErrnoException | RuntimeException | Error e) {
      image.close();
      throw e;
    }
  }

  public long pid() {
    return pid;
  }

  /**
   * Waits for the next report.
   *
   * @param seconds how long
   * @throws Failure when there is none, with the step that the guard could not make
   */
  public void awaitReport(int seconds) {
    try (NativeMemory said = NativeMemory.ofSize(calls, 1)) {
      if (!Readiness.of(calls, reportEnd, seconds * 1000L)
          || calls.call(Syscall.READ, reportEnd, said.address(), 1) != 1) {
        throw failure();
      }
    }
  }

  private Failure failure() {
    Outcome outcome = image.outcome();
    String what = "cannot hold the build";
    if (outcome instanceof Outcome.Failed failed) {
      boolean traced =
          failed.step().syscall() == Syscall.PTRACE && failed.errno() == Errno.EPERM.number();
      return new Failure(
          what,
          "cannot " + failed.step().label() + ": " + failed.why(),
          traced ? "end what traces its first process already, or run this as root" : "");
    } else if (outcome instanceof Outcome.Stopped stopped) {
      return new Failure(what, "cannot " + stopped.step().label() + " in time", "");
    }
    return new Failure(what, outcome.why(), "");
  }

  /** Lets the guard bind the build's life to its own. */
  public void confirm() {
    try (NativeMemory one = NativeMemory.ofSize(calls, 1)) {
      calls.must("cannot write to the guard", Syscall.WRITE, goEnd, one.address(), 1);
    }
  }

  /** Returns the build's filters as the kernel runs them, the oldest first. */
  public List<ByteString> filters() {
    List<ByteString> filters = new ArrayList<>();
    for (int step : GuardPlan.filterSteps(image.plan())) {
      long count = image.result(step);
      if (count > 0) {
        filters.add(0, ByteString.of(image.data(step, 3, (int) count * INSTRUCTION)));
      }
    }
    return filters;
  }

  /** Lets the guard go on alone, when this is closed. */
  public void leave() {
    left = true;
  }

  /** Ends the guard unless it was left; before it has bound the build's life, the build goes on. */
  @Override
  public void close() {
    if (!left) {
      calls.call(Syscall.KILL, pid, Signals.SIGKILL);
      calls.call(Syscall.WAIT4, pid, 0, 0, 0);
    }
    image.close();
  }
}
