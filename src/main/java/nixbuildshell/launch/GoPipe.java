package nixbuildshell.launch;

import nixbuildshell.abi.Syscall;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.plan.PipeEnds;

/**
 * Makes a child wait until its ID maps are written. The pipe is made before the plan, which names
 * its descriptors: the child closes the write end and reads one byte. When the parent dies first,
 * the child reads the end of the file.
 */
public final class GoPipe implements AutoCloseable {
  private final SystemCalls calls;
  private final PipeEnds ends;
  private boolean closed;

  private GoPipe(SystemCalls calls, PipeEnds ends) {
    this.calls = calls;
    this.ends = ends;
  }

  public static GoPipe open(SystemCalls calls) {
    try {
      return new GoPipe(calls, Pipes.open(calls, 0));
    } catch (ErrnoException e) {
      throw e.failure("");
    }
  }

  /** Returns the descriptors, for the plan. */
  public PipeEnds ends() {
    return ends;
  }

  /** Lets the child go on. The read end is open here, too, so that no SIGPIPE can occur. */
  void go() {
    try (NativeMemory one = NativeMemory.ofSize(calls, 1)) {
      calls.must("cannot write to a pipe", Syscall.WRITE, ends.write(), one.address(), 1);
    }
  }

  /** Closes both ends, once. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      calls.call(Syscall.CLOSE, ends.read());
      calls.call(Syscall.CLOSE, ends.write());
    }
  }
}
