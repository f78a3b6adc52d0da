package nixbuildshell.terminal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;

/**
 * Reads and sets the terminal of a descriptor. At the master of a pseudoterminal, all of it
 * concerns the other end. Numbers are those of {@code include/uapi/asm-generic/ioctls.h}, which
 * both architectures use.
 */
record Terminal(SystemCalls calls, int fd) {
  private static final int TCGETS = 0x5401;

  /** Sets the modes when all output has been sent (TCSADRAIN). */
  private static final int TCSETSW = 0x5403;

  private static final int TIOCGPGRP = 0x540f;
  private static final int TIOCGWINSZ = 0x5413;
  private static final int TIOCSWINSZ = 0x5414;
  private static final int TIOCSIG = 0x40045436;

  /** Bytes of the {@code struct winsize}: four short numbers. */
  static final int WINSIZE_BYTES = 8;

  /** Returns the modes; empty when this is no terminal, or it is gone. */
  Optional<Modes> modes() {
    return get(TCGETS, Modes.BYTES).map(Modes::new);
  }

  /** Sets the modes; false when the terminal is gone. */
  boolean set(Modes modes) {
    return set(TCSETSW, modes.termios());
  }

  /** Returns the process group in the foreground; empty when that cannot be known. */
  Optional<Integer> foreground() {
    return get(TIOCGPGRP, 4)
        .map(group -> ByteBuffer.wrap(group.bytes()).order(ByteOrder.nativeOrder()).getInt());
  }

  /** Returns the {@code struct winsize}; empty when the terminal is gone. */
  Optional<ByteString> size() {
    return get(TIOCGWINSZ, WINSIZE_BYTES);
  }

  void resize(ByteString size) {
    set(TIOCSWINSZ, size);
  }

  /** Sends a signal (INT, QUIT or TSTP) to the foreground of the other end of this master. */
  void signal(int signal) {
    calls.call(Syscall.IOCTL, fd, TIOCSIG, signal);
  }

  private Optional<ByteString> get(int request, int bytes) {
    try (NativeMemory memory = NativeMemory.ofSize(calls, bytes)) {
      return calls.call(Syscall.IOCTL, fd, request, memory.address()) < 0
          ? Optional.empty()
          : Optional.of(ByteString.of(memory.read(0, bytes)));
    }
  }

  /**
   * Blocks SIGTTOU, which would stop a process in the background: the tool may be there by then.
   */
  private boolean set(int request, ByteString value) {
    try (NativeMemory memory = NativeMemory.holding(calls, value.bytes())) {
      return Signals.blocking(
              calls,
              Signals.SIGTTOU,
              () -> calls.call(Syscall.IOCTL, fd, request, memory.address()))
          >= 0;
    }
  }
}
