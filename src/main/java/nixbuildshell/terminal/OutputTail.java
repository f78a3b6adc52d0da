package nixbuildshell.terminal;

import java.util.ArrayList;
import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.launch.Pipes;
import nixbuildshell.plan.PipeEnds;

/**
 * Leads what is written to stdout and stderr to stderr, and keeps its end. Meanwhile both
 * descriptors are a pipe, which a program may inherit; a thread copies from it.
 */
public final class OutputTail implements AutoCloseable {
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final int BUFFER = 1 << 16;
  private static final int KEPT = 1 << 16;
  private static final int MOST_LINES = 40;
  private static final int JOIN_MILLIS = 5000;

  private final SystemCalls calls;
  private final int reading;
  private final int stdout;
  private final int stderr;
  private final StringBuffer tail = new StringBuffer();
  private final Thread thread;

  private OutputTail(SystemCalls calls) {
    this.calls = calls;
    PipeEnds pipe = pipe();
    this.reading = pipe.read();
    this.stdout = must("copy stdout", Syscall.FCNTL, 1, F_DUPFD_CLOEXEC, 3);
    this.stderr = must("copy stderr", Syscall.FCNTL, 2, F_DUPFD_CLOEXEC, 3);
    must("replace stdout", Syscall.DUP3, pipe.write(), 1, 0);
    must("replace stderr", Syscall.DUP3, pipe.write(), 2, 0);
    calls.call(Syscall.CLOSE, pipe.write());
    this.thread = new Thread(this::copy, "copy of the output");
    thread.setDaemon(true);
    thread.start();
  }

  /** Begins to lead the output to stderr. */
  public static OutputTail open(SystemCalls calls) {
    return new OutputTail(calls);
  }

  private PipeEnds pipe() {
    try {
      return Pipes.open(calls, 0);
    } catch (ErrnoException e) {
      throw e.failure("");
    }
  }

  private int must(String what, Syscall syscall, long... arguments) {
    return (int) calls.must("cannot " + what, syscall, arguments);
  }

  private void copy() {
    try (NativeMemory buffer = NativeMemory.ofSize(calls, BUFFER)) {
      boolean writable = true;
      long got = calls.call(Syscall.READ, reading, buffer.address(), BUFFER);
      while (got > 0) {
        for (long done = 0; writable && done < got; ) {
          long wrote = calls.call(Syscall.WRITE, stderr, buffer.address() + done, got - done);
          writable = wrote > 0;
          done += wrote;
        }
        tail.append(ByteString.of(buffer.read(0, (int) got)).latin1());
        tail.delete(0, Math.max(0, tail.length() - KEPT));
        got = calls.call(Syscall.READ, reading, buffer.address(), BUFFER);
      }
    }
  }

  /**
   * Returns the last lines that were written, the first of them perhaps without its start. Lines
   * for Nix alone are left out.
   */
  public List<ByteString> lines() {
    List<ByteString> lines = new ArrayList<>();
    tail.toString()
        .lines()
        .filter(line -> !line.startsWith("@nix "))
        .forEach(line -> lines.add(new ByteString(line)));
    return lines.subList(Math.max(0, lines.size() - MOST_LINES), lines.size());
  }

  /** Gives stdout and stderr back, and waits until all output is copied. */
  @Override
  public void close() {
    calls.call(Syscall.DUP3, stdout, 1, 0);
    calls.call(Syscall.DUP3, stderr, 2, 0);
    try {
      thread.join(JOIN_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    for (int each : new int[] {reading, stdout, stderr}) {
      calls.call(Syscall.CLOSE, each);
    }
  }
}
