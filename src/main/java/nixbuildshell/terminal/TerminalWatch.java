package nixbuildshell.terminal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.SystemCalls;

/**
 * Tells when something happened at terminals: a key, output, or other modes, whichever process was
 * the reason. poll(2) tells what can be read now, and the key that another process has read by then
 * is missed; edge-triggered epoll(7) tells each time the kernel wakes those that wait. The kernel
 * does so at each change of the modes, too ({@code n_tty_set_termios} in {@code
 * drivers/tty/n_tty.c}).
 */
final class TerminalWatch {
  private static final int EPOLL_CLOEXEC = 0x80000;
  private static final int EPOLL_CTL_ADD = 1;

  /**
   * Asks for output, too: it is possible at most times, so that no event is dropped as outdated.
   */
  private static final int EPOLLIN_EPOLLOUT_EPOLLET = 1 | 4 | 1 << 31;

  /** Bytes of the {@code struct epoll_event}, with its padding where it has some. */
  private static final int EVENT_BYTES = 16;

  private static final int EVENTS = 4;
  private static final int SIGSET_BYTES = 8;

  private final SystemCalls calls;
  private final int fd;
  private final NativeMemory events;

  private TerminalWatch(SystemCalls calls, int fd, NativeMemory events) {
    this.calls = calls;
    this.fd = fd;
    this.events = events;
  }

  /** Watches those of these terminals that are open, for as long as the process runs. */
  static TerminalWatch of(SystemCalls calls, int... terminals) throws ErrnoException {
    String label = "watch the terminal";
    int fd = (int) ErrnoException.check(calls, label, Syscall.EPOLL_CREATE1, EPOLL_CLOEXEC);
    NativeMemory events = NativeMemory.ofSize(calls, EVENTS * EVENT_BYTES);
    ByteBuffer wanted = ByteBuffer.allocate(EVENT_BYTES).order(ByteOrder.nativeOrder());
    events.write(0, wanted.putInt(EPOLLIN_EPOLLOUT_EPOLLET).array());
    for (int terminal : terminals) {
      if (terminal >= 0) {
        ErrnoException.check(
            calls, label, Syscall.EPOLL_CTL, fd, EPOLL_CTL_ADD, terminal, events.address());
      }
    }
    return new TerminalWatch(calls, fd, events);
  }

  /** Returns a descriptor that can be read when something has happened. */
  int fd() {
    return fd;
  }

  /** Begins anew: what has happened until now is known. */
  void clear() {
    calls.call(Syscall.EPOLL_PWAIT, fd, events.address(), EVENTS, 0, 0, SIGSET_BYTES);
  }
}
