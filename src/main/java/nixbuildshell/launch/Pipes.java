package nixbuildshell.launch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.plan.PipeEnds;

/** Makes unnamed pipes, which no program inherits. */
public final class Pipes {
  private static final int O_CLOEXEC = 0x80000;

  private Pipes() {}

  /**
   * Makes a pipe.
   *
   * @param flags of pipe2(2), besides O_CLOEXEC
   */
  public static PipeEnds open(SystemCalls calls, int flags) throws ErrnoException {
    try (NativeMemory pair = NativeMemory.ofSize(calls, 8)) {
      ErrnoException.check(calls, "make a pipe", Syscall.PIPE2, pair.address(), O_CLOEXEC | flags);
      ByteBuffer ends = ByteBuffer.wrap(pair.read(0, 8)).order(ByteOrder.nativeOrder());
      return new PipeEnds(ends.getInt(), ends.getInt());
    }
  }
}
