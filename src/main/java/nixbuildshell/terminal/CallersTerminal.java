package nixbuildshell.terminal;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.SystemCalls;

/**
 * Takes the caller's terminal for the program, and gives it back as it was. Any thread may call.
 *
 * <p>When stdin and stdout are both on it, the terminal is the program's as long as the tool is in
 * the foreground. Otherwise it is shared, as in {@code DIR cmd | less}, where the keys are less's:
 * the tool takes the keys only while the program wants single keys or no echo, and no other program
 * has changed the terminal's modes. Output is processed by the caller's terminal then.
 */
final class CallersTerminal {
  private static final int F_GETFL = 3;
  private static final int ACCESS = 3;
  private static final int READ_ONLY = 0;
  private static final int WRITE_ONLY = 1;

  /**
   * Nanoseconds in which the tool looks often whether it has come to the foreground, after
   * something has happened at the terminal. Nothing tells when a shell gives the terminal to a job
   * that runs already, but {@code fg} was typed there just before.
   */
  private static final long ATTENTION = TimeUnit.SECONDS.toNanos(3);

  /** Milliseconds between two looks. */
  private static final int LOOKS = 100;

  private final Terminal terminal;
  private final OptionalInt input;
  private final OptionalInt output;
  private final boolean whole;
  private final boolean takesLines;
  private final int group;

  private boolean taken;
  private long noticed = System.nanoTime();
  private Optional<Modes> found = Optional.empty();

  /** The modes that this class has set, as the kernel keeps them. */
  private Optional<Modes> ours = Optional.empty();

  /**
   * Describes the terminal on these descriptors.
   *
   * @param descriptors those of 0, 1 and 2 that are terminals, at least one
   */
  CallersTerminal(SystemCalls calls, List<Integer> descriptors) {
    input = first(calls, descriptors, Stream.of(0, 1, 2), WRITE_ONLY);
    output = first(calls, descriptors, Stream.of(1, 2, 0), READ_ONLY);
    terminal = new Terminal(calls, input.orElse(descriptors.get(0)));
    whole = descriptors.contains(0) && descriptors.contains(1);
    takesLines = descriptors.contains(0);
    group = (int) calls.call(Syscall.GETPGID, 0);
  }

  private static OptionalInt first(
      SystemCalls calls, List<Integer> terminals, Stream<Integer> order, int unlike) {
    return order
        .filter(terminals::contains)
        .filter(fd -> (calls.call(Syscall.FCNTL, fd, F_GETFL) & ACCESS) != unlike)
        .mapToInt(Integer::intValue)
        .findFirst();
  }

  /** Returns the descriptor by which the terminal's state is read and set. */
  int descriptor() {
    return terminal.fd();
  }

  /** Returns the descriptor on which keys come; empty when none can be read. */
  OptionalInt input() {
    return input;
  }

  /** Returns the descriptor for output; empty when none can be written. */
  OptionalInt output() {
    return output;
  }

  /** Returns the modes that the program's terminal begins with. */
  ByteString firstModes() {
    Modes now = terminal.modes().orElse(new Modes(ByteString.of(new byte[Modes.BYTES])));
    Modes first = !whole ? now.forLines().withoutOutput() : isForeground() ? now : now.forLines();
    return first.termios();
  }

  /** Returns the window's size, a {@code struct winsize}; empty when the terminal is gone. */
  Optional<ByteString> size() {
    return terminal.size();
  }

  /** Decides whether this process may use the terminal. Without job control it may. */
  private boolean isForeground() {
    return terminal.foreground().map(now -> now == group).orElse(true);
  }

  /** Decides whether what happens at the terminals can make a difference to what the tool does. */
  synchronized boolean isShared() {
    return !whole || !taken;
  }

  /** Notes that something has happened at the terminals. */
  synchronized void notice() {
    noticed = System.nanoTime();
  }

  /** Returns how many milliseconds the relay may sleep when nothing comes; -1 for ever. */
  synchronized int patience() {
    return isShared() && System.nanoTime() - noticed < ATTENTION && !isForeground() ? LOOKS : -1;
  }

  /**
   * Takes the terminal or gives it back, as the program needs it.
   *
   * @param program the terminal inside
   */
  synchronized void follow(Terminal program) {
    boolean wanted =
        whole || program.modes().map(now -> !now.isCanonical() || !now.echoes()).orElse(false);
    if (wanted && !taken) {
      take();
    } else if (!wanted && taken) {
      release();
    }
  }

  private void take() {
    Optional<Modes> now = terminal.modes();
    if (now.isEmpty() || !isForeground()) {
      return;
    }
    if (!now.equals(ours)) {
      if (!whole && !now.get().isCanonical()) {
        return; // Another program has it, a pager perhaps.
      }
      found = now;
      terminal.set(whole ? now.get().raw() : now.get().forKeys());
      ours = terminal.modes();
    }
    taken = true;
  }

  /** Restores the modes, unless another program has changed them or has the terminal. */
  synchronized void release() {
    if (taken && isForeground() && (whole || terminal.modes().equals(ours))) {
      found.ifPresent(terminal::set);
      ours = Optional.empty();
    }
    taken = false;
  }

  /** Begins anew after a stop: the caller's shell may have set other modes. */
  synchronized void resume() {
    taken = false;
    notice();
  }

  /** Decides whether what is typed now is for the program. */
  synchronized boolean mayRead() {
    if (input.isEmpty() || !isForeground()) {
      return false;
    } else if (taken) {
      return whole || terminal.modes().equals(ours);
    }
    return !whole && takesLines && isCanonical();
  }

  /**
   * Decides whether the caller's terminal hands out whole lines, so that an empty read is Ctrl-D.
   */
  boolean isCanonical() {
    return terminal.modes().map(Modes::isCanonical).orElse(false);
  }

  /** Decides whether the caller's terminal has shown what is read from it. */
  boolean echoes() {
    return terminal.modes().map(Modes::echoes).orElse(false);
  }
}
