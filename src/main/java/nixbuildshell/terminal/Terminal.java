package nixbuildshell.terminal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;

/**
 * Reads and sets a terminal. Numbers and the structure's size are those of {@code
 * include/uapi/asm-generic}, which both architectures use.
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

  /**
   * Remembers how the caller's terminal was found. An interactive shell puts itself into the
   * foreground and, as the first process of its PID namespace, cannot name the group that was there
   * before: so the tool restores it.
   *
   * @param attributes as {@link Terminal#attributes} returns them
   * @param group this process's group, which was in the foreground
   */
  public record State(Terminal terminal, byte[] attributes, int group) {
    /**
     * Puts this process's group back into the foreground.
     *
     * @param attributesToo also the terminal's modes; not in a pipeline whose other programs may
     *     have set their own, unless the command was killed and could not restore them
     */
    public void restore(boolean attributesToo) {
      if (!terminal.foreground().equals(Optional.of(group))) {
        terminal.setForeground(group);
      }
      if (attributesToo) {
        terminal.setAttributes(attributes);
      }
    }
  }

  /**
   * Returns the state of the terminal that is stdin, stdout or stderr; empty when there is none, or
   * this process is in its background.
   */
  public static Optional<State> save(SystemCalls calls) {
    int group = (int) calls.call(Syscall.GETPGID, 0);
    for (int descriptor = 0; descriptor <= 2; descriptor++) {
      Terminal terminal = new Terminal(calls, descriptor);
      Optional<byte[]> attributes = terminal.attributes();
      if (attributes.isPresent() && terminal.foreground().equals(Optional.of(group))) {
        return Optional.of(new State(terminal, attributes.get(), group));
      }
    }
    return Optional.empty();
  }

  /** Returns the terminal of a descriptor; empty when it is something else, or closed. */
  static Optional<Terminal> at(SystemCalls calls, int fd) {
    Terminal terminal = new Terminal(calls, fd);
    return terminal.attributes().isPresent() ? Optional.of(terminal) : Optional.empty();
  }

  /** Returns the kernel's {@code struct termios}; empty when the terminal is gone. */
  Optional<byte[]> attributes() {
    try (NativeMemory termios = NativeMemory.ofSize(calls, TERMIOS_SIZE)) {
      return calls.call(Syscall.IOCTL, fd, TCGETS, termios.address()) < 0
          ? Optional.empty()
          : Optional.of(termios.read(0, TERMIOS_SIZE));
    }
  }

  /** Sets what {@link #attributes} returned; false when the terminal is gone. */
  boolean setAttributes(byte[] attributes) {
    return set(TCSETS, attributes);
  }

  /** Returns the process group in the foreground; empty when this is not its own terminal. */
  Optional<Integer> foreground() {
    try (NativeMemory group = NativeMemory.ofSize(calls, 4)) {
      return calls.call(Syscall.IOCTL, fd, TIOCGPGRP, group.address()) < 0
          ? Optional.empty()
          : Optional.of(ByteBuffer.wrap(group.read(0, 4)).order(ByteOrder.nativeOrder()).getInt());
    }
  }

  /** Puts a process group into the foreground; false when the kernel refuses. */
  boolean setForeground(int group) {
    return set(
        TIOCSPGRP, ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(group).array());
  }

  /**
   * Blocks SIGTTOU, which would stop a process in the background: the tool may be there by then.
   */
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
