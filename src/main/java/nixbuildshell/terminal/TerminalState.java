package nixbuildshell.terminal;

import java.util.Optional;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.SystemCalls;

/**
 * The terminal as it was found. An interactive shell puts itself into the foreground and, as the
 * first process of its PID namespace, cannot name the group that was there before it; so that is
 * done here.
 */
public final class TerminalState {
  /** No terminal, or not this process's to restore. */
  public static final TerminalState NONE = new TerminalState(null, null, 0);

  private final Terminal terminal;
  private final byte[] attributes;
  private final int group;

  private TerminalState(Terminal terminal, byte[] attributes, int group) {
    this.terminal = terminal;
    this.attributes = attributes;
    this.group = group;
  }

  /**
   * The state of the terminal that is stdin, stdout or stderr, if this process is in its
   * foreground.
   */
  public static TerminalState save(SystemCalls calls) {
    int group = (int) calls.call(Syscall.GETPGID, 0);
    for (int descriptor = 0; descriptor <= 2; descriptor++) {
      Optional<Terminal> terminal = Terminal.at(calls, descriptor);
      Optional<byte[]> attributes = terminal.flatMap(Terminal::attributes);
      if (attributes.isPresent() && terminal.get().foreground().equals(Optional.of(group))) {
        return new TerminalState(terminal.get(), attributes.get(), group);
      }
    }
    return NONE;
  }

  /**
   * Puts this process's group back into the foreground.
   *
   * @param settingsToo the terminal's modes as well; not in a pipeline whose other programs may
   *     have set them for themselves, unless the program was killed and could not restore its own
   */
  public void restore(boolean settingsToo) {
    if (terminal == null) {
      return;
    }
    if (!terminal.foreground().equals(Optional.of(group))) {
      terminal.setForeground(group);
    }
    if (settingsToo) {
      terminal.setAttributes(attributes);
    }
  }
}
