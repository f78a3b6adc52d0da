package nixbuildshell.attach;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.kernel.MemoryFile;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.Readiness;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.launch.Guard;
import nixbuildshell.plan.GuardPlan;
import nixbuildshell.plan.PipeEnds;

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
    } catch (ErrnoException e) {
      throw e.failure(WHAT, "");
    } catch (RuntimeException | Error e) {
      calls.call(Syscall.CLOSE, pidfd);
      throw e;
    }
  }

  /** Starts a guard; returns null when the build has other threads by now. */
  private static Hold begin(SystemCalls calls, RunningBuild build, int pidfd)
      throws ErrnoException {
    Pipes pipes = Pipes.open(calls, GuardProcess.make(calls, build.pause()), log(calls, pidfd));
    List<Long> threads = new ProcessFiles(build.pid()).threads();
    if (!threads.remove(build.pid())) {
      throw new Failure(WHAT, "it has ended", "");
    }
    threads.add(0, build.pid());
    long now = System.currentTimeMillis() / 1000;
    GuardPlan plan =
        new GuardPlan(
            threads,
            pipes.forTheGuard(),
            new GuardPlan.Patience(
                build.pause().map(pause -> pause.left(now)).orElse(0L),
                build.pause().map(Pause::interval).orElse(240L),
                LINE));
    Guard guard = Guard.start(calls, plan, pipes.report.read(), pipes.go.write());
    try (guard) {
      guard.awaitReport(PATIENCE);
      if (!standsStill(build, threads, guard.pid()) || !isAlive(calls, pidfd)) {
        guard.kill();
        pipes.close();
        return null;
      }
      GuardProcess.write(pipes.memory, guard.filters());
      guard.confirm();
      guard.awaitReport(PATIENCE);
      pipes.closeAllButTheLease();
      return new Hold(calls, pidfd, pipes.lease.write(), guard.filters(), true);
    } catch (RuntimeException | Error e) {
      guard.kill();
      pipes.close();
      throw e;
    }
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
   * Returns the build's log if that is a terminal of Nix's: only such a file takes a line of the
   * tool's. Another could be anything that the build has opened.
   */
  private static OptionalInt log(SystemCalls calls, int pidfd) {
    int log = (int) calls.call(Syscall.PIDFD_GETFD, pidfd, STDERR, 0);
    if (log < 0) {
      return OptionalInt.empty();
    }
    try (NativeMemory termios = NativeMemory.ofSize(calls, 64)) {
      if (calls.call(Syscall.IOCTL, log, TCGETS, termios.address()) == 0) {
        return OptionalInt.of(log);
      }
    }
    calls.call(Syscall.CLOSE, log);
    return OptionalInt.empty();
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
      int lease = open(calls, path);
      if (lease >= 0 && new ProcessFiles(build.pid()).number("TracerPid") == tracer) {
        return new Hold(calls, pidfd, lease, guard.filters(), false);
      }
    }
    return null;
  }

  private static int open(SystemCalls calls, String path) {
    try (NativeMemory name = NativeMemory.holding(calls, ByteString.of(path).terminated())) {
      return (int)
          calls.call(Syscall.OPENAT, AT_FDCWD, name.address(), O_WRONLY_NONBLOCK | O_CLOEXEC, 0);
    }
  }

  /** Ends the build, without entering it. */
  public static void release(SystemCalls calls, RunningBuild build) {
    String what = "cannot end process " + build.pid();
    int pidfd = (int) calls.must(what, Syscall.PIDFD_OPEN, build.pid(), 0);
    try {
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

  private static boolean isAlive(SystemCalls calls, int pidfd) {
    return calls.call(Syscall.PIDFD_SEND_SIGNAL, pidfd, 0, 0, 0) != -Errno.ESRCH.number();
  }

  /** Leaves the build: its guard ends it as soon as no other session needs it. */
  @Override
  public void close() {
    calls.call(Syscall.CLOSE, lease);
    calls.call(Syscall.CLOSE, pidfd);
  }

  /** Holds both ends of the three pipes between the tool and its guard. */
  private record Pipes(
      SystemCalls calls,
      PipeEnds lease,
      PipeEnds report,
      PipeEnds go,
      MemoryFile memory,
      OptionalInt log) {
    static Pipes open(SystemCalls calls, MemoryFile memory, OptionalInt log) throws ErrnoException {
      return new Pipes(calls, pipe(calls), pipe(calls), pipe(calls), memory, log);
    }

    private static PipeEnds pipe(SystemCalls calls) throws ErrnoException {
      try (NativeMemory pair = NativeMemory.ofSize(calls, 8)) {
        ErrnoException.check(calls, "make a pipe", Syscall.PIPE2, pair.address(), O_CLOEXEC);
        ByteBuffer ends = ByteBuffer.wrap(pair.read(0, 8)).order(ByteOrder.nativeOrder());
        return new PipeEnds(ends.getInt(), ends.getInt());
      }
    }

    GuardPlan.Pipes forTheGuard() {
      return new GuardPlan.Pipes(lease, report.write(), go.read(), memory.number(), log);
    }

    /** Leaves the lease alone open, and the rest to the guard. */
    void closeAllButTheLease() {
      close(lease.read());
      close(report.read());
      close(report.write());
      close(go.read());
      close(go.write());
      memory.close();
      log.ifPresent(this::close);
    }

    void close() {
      closeAllButTheLease();
      close(lease.write());
    }

    private void close(int descriptor) {
      calls.call(Syscall.CLOSE, descriptor);
    }
  }
}
