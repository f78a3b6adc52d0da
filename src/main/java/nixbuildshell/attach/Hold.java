package nixbuildshell.attach;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.Readiness;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.launch.Guard;
import nixbuildshell.plan.GuardPlan;

/**
 * Keeps a build from ever going on, as long as this is open. A guard does it ({@link GuardPlan}):
 * the first tool that enters the build starts it, and all hold its lease.
 *
 * @param pidfd the build's PID 1, whatever has its number later
 * @param lease the descriptor on whose closing the guard waits
 * @param filters the build's filters, the oldest first; empty when another tool's guard has them
 * @param first whether this tool has started the guard
 */
public record Hold(SystemCalls calls, int pidfd, int lease, List<ByteString> filters, boolean first)
    implements AutoCloseable {
  private static final String WHAT = "cannot hold the build";
  private static final int O_CLOEXEC = 0x80000;
  private static final int O_WRONLY_NONBLOCK = 1 | 0x800;
  private static final int O_NOCTTY = 0x100;
  private static final int AT_FDCWD = -100;
  private static final int TCGETS = 0x5401;
  private static final int STDERR = 2;

  /** Seconds for a thread to stop, which it does at once unless it waits for a vfork. */
  private static final int PATIENCE = 5;

  private static final int ATTEMPTS = 5;
  private static final ByteString LINE =
      ByteString.of("nix-build-shell: the build stands still, since it was entered\n");

  /**
   * Takes hold of a build.
   *
   * @param isStillThat decides whether its number is still that of this build
   * @throws Failure when that is not possible; the build goes on then
   */
  public static Hold of(SystemCalls calls, RunningBuild build, BooleanSupplier isStillThat) {
    int pidfd =
        (int) calls.must("cannot find process " + build.pid(), Syscall.PIDFD_OPEN, build.pid(), 0);
    try {
      return of(calls, build, isStillThat, pidfd);
    } catch (ErrnoException e) {
      calls.call(Syscall.CLOSE, pidfd);
      throw e.failure("");
    } catch (RuntimeException | Error e) {
      calls.call(Syscall.CLOSE, pidfd);
      throw e;
    }
  }

  private static Hold of(
      SystemCalls calls, RunningBuild build, BooleanSupplier isStillThat, int pidfd)
      throws ErrnoException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (!isStillThat.getAsBoolean() || !isAlive(calls, pidfd)) {
        throw new Failure(WHAT, "it has ended", "");
      }
      long tracer = new ProcessFiles(build.pid()).number("TracerPid");
      Hold hold = tracer > 0 ? join(calls, build, pidfd, tracer) : begin(calls, build, pidfd);
      if (hold != null) {
        return hold;
      }
    }
    throw new Failure(WHAT, "its first process makes threads all the time", "");
  }

  /** Starts a guard; returns null when the build has other threads by now. */
  private static Hold begin(SystemCalls calls, RunningBuild build, int pidfd)
      throws ErrnoException {
    try (GuardPipes pipes = GuardPipes.open(calls, build.pause(), log(calls, pidfd))) {
      List<Long> threads = new ProcessFiles(build.pid()).threads();
      if (!threads.remove(build.pid())) {
        throw new Failure(WHAT, "it has ended", "");
      }
      threads.add(0, build.pid());
      GuardPlan plan = new GuardPlan(threads, pipes.ofTheGuard(), patience(build.pause()));
      try (Guard guard = pipes.start(plan)) {
        guard.awaitReport(PATIENCE);
        if (!standsStill(build, threads, guard.pid()) || !isAlive(calls, pidfd)) {
          return null;
        }
        pipes.keep(guard.filters());
        guard.confirm();
        guard.awaitReport(PATIENCE);
        guard.leave();
        return new Hold(calls, pidfd, pipes.takeLease(), guard.filters(), true);
      }
    }
  }

  private static GuardPlan.Patience patience(Optional<Pause> pause) {
    long now = System.currentTimeMillis() / 1000;
    return new GuardPlan.Patience(
        pause.map(it -> it.left(now)).orElse(0L), pause.map(Pause::interval).orElse(240L), LINE);
  }

  /** Decides whether the guard has all threads that there are, and none runs. */
  private static boolean standsStill(RunningBuild build, List<Long> threads, long guard) {
    ProcessFiles process = new ProcessFiles(build.pid());
    return new HashSet<>(process.threads()).equals(new HashSet<>(threads))
        && threads.stream()
            .allMatch(
                thread ->
                    process.statusOf(thread, "TracerPid").equals(List.of(Long.toString(guard)))
                        && process.statusOf(thread, "State").contains("t"));
  }

  /**
   * Returns the build's log if that is a terminal of Nix's, of the same devpts as this host's: only
   * such a file takes a line of the tool's. Another could be anything that the build has opened. It
   * is opened once more, since the build can stop the output of the terminal: a guard that waited
   * to write would not see that it is to end.
   */
  private static OptionalInt log(SystemCalls calls, int pidfd) {
    int stderr = (int) calls.call(Syscall.PIDFD_GETFD, pidfd, STDERR, 0);
    if (stderr < 0) {
      return OptionalInt.empty();
    }
    try (NativeMemory termios = NativeMemory.ofSize(calls, 64)) {
      if (calls.call(Syscall.IOCTL, stderr, TCGETS, termios.address()) != 0
          || !isOfThisHost(stderr)) {
        return OptionalInt.empty();
      }
      int log = open(calls, "/proc/self/fd/" + stderr, O_WRONLY_NONBLOCK | O_NOCTTY);
      return log < 0 ? OptionalInt.empty() : OptionalInt.of(log);
    } finally {
      calls.call(Syscall.CLOSE, stderr);
    }
  }

  private static boolean isOfThisHost(int terminal) {
    return device("/proc/self/fd/" + terminal).equals(device("/dev/pts"));
  }

  /**
   * Returns the file system of what a path leads to, through links; empty when that is not known.
   */
  private static Optional<Object> device(String path) {
    try {
      return Optional.of(Files.getAttribute(Path.of(path), "unix:dev"));
    } catch (IOException | UnsupportedOperationException e) {
      return Optional.empty();
    }
  }

  /** Takes the lease of a guard that is there; returns null when that has just ended. */
  private static Hold join(SystemCalls calls, RunningBuild build, int pidfd, long tracer) {
    GuardProcess guard =
        GuardProcess.of(tracer)
            .orElseThrow(
                () ->
                    new Failure(
                        WHAT,
                        "process " + tracer + " traces its first process already",
                        "end that process; the build ends with it, perhaps"));
    for (String path : guard.leases()) {
      int lease = open(calls, path, O_WRONLY_NONBLOCK);
      if (lease >= 0 && new ProcessFiles(build.pid()).number("TracerPid") == tracer) {
        return new Hold(calls, pidfd, lease, guard.filters(), false);
      }
      calls.call(Syscall.CLOSE, lease);
    }
    return null;
  }

  private static int open(SystemCalls calls, String path, int flags) {
    try (NativeMemory name = NativeMemory.holding(calls, ByteString.of(path).terminated())) {
      return (int) calls.call(Syscall.OPENAT, AT_FDCWD, name.address(), flags | O_CLOEXEC, 0);
    }
  }

  /**
   * Ends the build, without entering it.
   *
   * @param isStillThat decides whether its number is still that of this build
   */
  public static void release(SystemCalls calls, RunningBuild build, BooleanSupplier isStillThat) {
    String what = "cannot end process " + build.pid();
    int pidfd = (int) calls.must(what, Syscall.PIDFD_OPEN, build.pid(), 0);
    try {
      if (!isStillThat.getAsBoolean()) {
        throw new Failure(what, "it has ended", "");
      }
      calls.must(what, Syscall.PIDFD_SEND_SIGNAL, pidfd, Signals.SIGKILL, 0, 0);
    } finally {
      calls.call(Syscall.CLOSE, pidfd);
    }
  }

  /**
   * Decides whether the build has ended, or does so soon: a first process that is killed is there
   * until all others of its namespace are gone.
   *
   * @param patience how long to wait for that, in milliseconds
   */
  public boolean hasEnded(long patience) {
    return Readiness.of(calls, pidfd, patience);
  }

  /** Ends the build, which is held. */
  public void kill() {
    calls.call(Syscall.PIDFD_SEND_SIGNAL, pidfd, Signals.SIGKILL, 0, 0);
  }

  private static boolean isAlive(SystemCalls calls, int pidfd) {
    return calls.call(Syscall.PIDFD_SEND_SIGNAL, pidfd, 0, 0, 0) != -Errno.ESRCH.number();
  }

  /** Leaves the build: its guard ends it as soon as no other session needs it. */
  @Override
  public void close() {
    calls.call(Syscall.CLOSE, lease);
    calls.call(Syscall.CLOSE, pidfd);
  }
}
