package nixbuildshell.attach;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.kernel.MemoryFile;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.launch.Guard;
import nixbuildshell.launch.Pipes;
import nixbuildshell.plan.GuardPlan;
import nixbuildshell.plan.PipeEnds;

/**
 * Holds what a tool and the guard that it starts have in common: three pipes, the file in memory
 * and the log. The guard inherits all; the tool keeps its end of the lease alone.
 */
final class GuardPipes implements AutoCloseable {
  private final SystemCalls calls;
  private final OptionalInt log;
  private final List<Integer> open = new ArrayList<>();
  private PipeEnds lease;
  private PipeEnds report;
  private PipeEnds go;
  private MemoryFile memory;

  private GuardPipes(SystemCalls calls, OptionalInt log) {
    this.calls = calls;
    this.log = log;
    log.ifPresent(open::add);
  }

  /**
   * Makes all.
   *
   * @param log where the guard writes a line now and then, which this closes
   */
  static GuardPipes open(SystemCalls calls, Optional<Pause> pause, OptionalInt log)
      throws ErrnoException {
    GuardPipes made = new GuardPipes(calls, log);
    try {
      made.memory = GuardProcess.make(calls, pause);
      made.open.add(made.memory.number());
      made.lease = made.pipe();
      made.report = made.pipe();
      made.go = made.pipe();
      return made;
    } catch (ErrnoException | RuntimeException | Error e) {
      made.close();
      throw e;
    }
  }

  private PipeEnds pipe() throws ErrnoException {
    PipeEnds ends = Pipes.open(calls, 0);
    open.add(ends.read());
    open.add(ends.write());
    return ends;
  }

  /** Returns what the guard uses. */
  GuardPlan.Pipes ofTheGuard() {
    return new GuardPlan.Pipes(lease, report.write(), go.read(), memory.number(), log);
  }

  /** Starts the guard. */
  Guard start(GuardPlan plan) throws ErrnoException {
    return Guard.start(calls, plan, report.read(), go.write());
  }

  /** Keeps the build's filters for the next tool. */
  void keep(List<ByteString> filters) {
    GuardProcess.write(memory, filters);
  }

  /** Returns the tool's end of the lease, which is not closed with the rest. */
  int takeLease() {
    open.remove((Integer) lease.write());
    return lease.write();
  }

  @Override
  public void close() {
    open.forEach(descriptor -> calls.call(Syscall.CLOSE, descriptor));
    open.clear();
  }
}
