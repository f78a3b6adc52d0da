package nixbuildshell.launch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.SystemCalls;

/**
 * The pipe on which a child waits until its ID maps are written. It is made before the plan, which
 * names its descriptors: the child closes the write end and reads one byte. When the parent dies
 * without a word, the child reads the end of the file.
 */
public final class GoPipe implements AutoCloseable {
  private static final int O_CLOEXEC = 0x80000;

  private final SystemCalls calls;
  private final int readFd;
  private final int writeFd;
  private boolean closed;

  private GoPipe(SystemCalls calls, int readFd, int writeFd) {
    this.calls = calls;
    this.readFd = readFd;
    this.writeFd = writeFd;
  }

  public static GoPipe open(SystemCalls calls) {
    try (NativeMemory pair = NativeMemory.ofSize(calls, 8)) {
      calls.must("cannot make a pipe", Syscall.PIPE2, pair.address(), O_CLOEXEC);
      ByteBuffer fds = ByteBuffer.wrap(pair.read(0, 8)).order(ByteOrder.nativeOrder());
      return new GoPipe(calls, fds.getInt(), fds.getInt());
    }
  }

  public int readFd() {
    return readFd;
  }

  public int writeFd() {
    return writeFd;
  }

  /** Lets the child go on. The read end is open here too, so this can't raise SIGPIPE. */
  void go() {
    try (NativeMemory one = NativeMemory.ofSize(calls, 1)) {
      calls.must("cannot write to a pipe", Syscall.WRITE, writeFd, one.address(), 1);
    }
  }

  /** Closes both ends, once. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      calls.call(Syscall.CLOSE, readFd);
      calls.call(Syscall.CLOSE, writeFd);
    }
  }
}
