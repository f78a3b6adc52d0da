package nixbuildshell.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import nixbuildshell.abi.Syscall;

/** Waits for one descriptor (ppoll(2)). */
public final class Readiness {
  /** Sizes of {@code pollfd} and {@code timespec}, in bytes. */
  private static final int POLLFD = 8;

  private static final int TIMESPEC = 16;
  private static final int POLLIN = 1;

  private Readiness() {}

  /**
   * Decides whether a descriptor can be read, is at its end, or is that of a process that has
   * ended.
   *
   * @param patience how long to wait for that, in milliseconds
   */
  public static boolean of(SystemCalls calls, int descriptor, long patience) {
    ByteBuffer poll = ByteBuffer.allocate(POLLFD + TIMESPEC).order(ByteOrder.nativeOrder());
    poll.putInt(descriptor).putInt(POLLIN);
    poll.putLong(patience / 1000).putLong(patience % 1000 * 1_000_000);
    try (NativeMemory memory = NativeMemory.holding(calls, poll.array())) {
      long address = memory.address();
      return calls.call(Syscall.PPOLL, address, 1, address + POLLFD, 0, 0) == 1;
    }
  }
}
