package nixbuildshell.terminal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;

/**
 * A terminal that the tool was started on, to be left as it was found. Numbers and the structure's
 * size are those of {@code include/uapi/asm-generic}, which both architectures use.
 */
public final class Terminal {
  private static final int TCGETS = 0x5401;
  private static final int TCSETS = 0x5402;
  private static final int TIOCGPGRP = 0x540f;
  private static final int TIOCSPGRP = 0x5410;
  private static final int TERMIOS_SIZE = 36;

  private final SystemCalls calls;
  private final int fd;

  private Terminal(SystemCalls calls, int fd) {
    this.calls = calls;
    this.fd = fd;
  }

  /** The terminal behind a descriptor; empty when it is something else, or closed. */
  public static Optional<Terminal> at(SystemCalls calls, int fd) {
    Terminal terminal = new Terminal(calls, fd);
    return terminal.attributes().isPresent() ? Optional.of(terminal) : Optional.empty();
  }

  /** Its settings (the kernel's {@code struct termios}); empty when it is gone. */
  public Optional<byte[]> attributes() {
    try (NativeMemory termios = NativeMemory.ofSize(calls, TERMIOS_SIZE)) {
      return calls.call(Syscall.IOCTL, fd, TCGETS, termios.address()) < 0
          ? Optional.empty()
          : Optional.of(termios.read(0, TERMIOS_SIZE));
    }
  }

  /** Gives it settings that {@link #attributes} returned; false when it is gone. */
  public boolean setAttributes(byte[] attributes) {
    return set(TCSETS, attributes);
  }

  /** The process group in the foreground; empty when this is not the caller's own terminal. */
  public Optional<Integer> foreground() {
    try (NativeMemory group = NativeMemory.ofSize(calls, 4)) {
      return calls.call(Syscall.IOCTL, fd, TIOCGPGRP, group.address()) < 0
          ? Optional.empty()
          : Optional.of(ByteBuffer.wrap(group.read(0, 4)).order(ByteOrder.nativeOrder()).getInt());
    }
  }

  /** Puts a process group into the foreground; false when the kernel refuses. */
  public boolean setForeground(int group) {
    return set(
        TIOCSPGRP, ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(group).array());
  }

  /** The tool may be in the background by then, where these calls stop the caller by SIGTTOU. */
  private boolean set(int request, byte[] value) {
    try (NativeMemory memory = NativeMemory.holding(calls, value)) {
      return Signals.blocking(
              calls,
              Signals.SIGTTOU,
              () -> calls.call(Syscall.IOCTL, fd, request, memory.address()))
          >= 0;
    }
  }
}
