package nixbuildshell.terminal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalInt;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.SystemCalls;

/** Receives the master of the pseudoterminal that the child of a launch makes and sends. */
final class Handover implements AutoCloseable {
  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM_CLOEXEC = 1 | 0x80000;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;

  /** A {@code struct msghdr}, a {@code struct iovec}, one byte, and the control data. */
  private static final int VECTOR = 56;

  private static final int BYTE = 72;
  private static final int CONTROL = 80;
  private static final int CONTROL_BYTES = 24;
  private static final int DESCRIPTOR = CONTROL + 16;

  private final SystemCalls calls;
  private final int toolsEnd;
  private final int childsEnd;
  private boolean closed;

  private Handover(SystemCalls calls, int toolsEnd, int childsEnd) {
    this.calls = calls;
    this.toolsEnd = toolsEnd;
    this.childsEnd = childsEnd;
  }

  static Handover open(SystemCalls calls) throws ErrnoException {
    try (NativeMemory pair = NativeMemory.ofSize(calls, 8)) {
      ErrnoException.check(
          calls,
          "make a socket pair for the pseudoterminal",
          Syscall.SOCKETPAIR,
          AF_UNIX,
          SOCK_STREAM_CLOEXEC,
          0,
          pair.address());
      ByteBuffer ends = ByteBuffer.wrap(pair.read(0, 8)).order(ByteOrder.nativeOrder());
      return new Handover(calls, ends.getInt(), ends.getInt());
    }
  }

  int toolsEnd() {
    return toolsEnd;
  }

  int childsEnd() {
    return childsEnd;
  }

  /**
   * Waits for the master, once the child is cloned.
   *
   * @return the descriptor; empty when the child has ended before it sent one
   */
  OptionalInt receive() throws ErrnoException {
    calls.call(Syscall.CLOSE, childsEnd);
    try (NativeMemory message = NativeMemory.ofSize(calls, CONTROL + CONTROL_BYTES)) {
      ByteBuffer header = ByteBuffer.allocate(CONTROL).order(ByteOrder.nativeOrder());
      header.putLong(16, message.address() + VECTOR).putLong(24, 1);
      header.putLong(32, message.address() + CONTROL).putLong(40, CONTROL_BYTES);
      header.putLong(VECTOR, message.address() + BYTE).putLong(VECTOR + 8, 1);
      message.write(0, header.array());
      long received;
      do {
        received = calls.call(Syscall.RECVMSG, toolsEnd, message.address(), MSG_CMSG_CLOEXEC);
      } while (received == -Errno.EINTR.number());
      ErrnoException.check("receive the pseudoterminal", Syscall.RECVMSG, received);
      return received == 0
          ? OptionalInt.empty()
          : OptionalInt.of(
              ByteBuffer.wrap(message.read(DESCRIPTOR, 4)).order(ByteOrder.nativeOrder()).getInt());
    } finally {
      closed = true;
      calls.call(Syscall.CLOSE, toolsEnd);
    }
  }

  /** Closes both ends, unless {@link #receive} has. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      calls.call(Syscall.CLOSE, toolsEnd);
      calls.call(Syscall.CLOSE, childsEnd);
    }
  }
}
