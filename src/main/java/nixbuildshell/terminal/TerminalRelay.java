package nixbuildshell.terminal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.plan.PipeEnds;

/**
 * Relays between the caller's terminal and the sandbox's pseudoterminal: one poll loop in a thread
 * of its own, and a buffer each way.
 *
 * <p>Only the master is non-blocking, which is the tool's own. The relay keeps an end of the
 * program's open: without one, reading the master fails when the program has closed its own for a
 * moment, and the last output can be lost. So the end is when the program has ended and the master
 * is drained.
 */
final class TerminalRelay {
  private static final int BUFFER = 4096;
  private static final int POLLFD_BYTES = 8;
  private static final int SIGSET_BYTES = 8;

  /** Offsets in the memory, behind the two buffers. */
  private static final int WOKEN = 2 * BUFFER;

  private static final int TIMEOUT = WOKEN + 64;
  private static final int POLLFDS = TIMEOUT + 16;
  private static final int POLLIN = 1;
  private static final int POLLOUT = 4;
  private static final int POLLERR_HUP = 8 | 16;
  private static final int F_SETFL = 4;
  private static final int O_RDWR = 2;
  private static final int O_NONBLOCK = 0x800;
  private static final int O_NOCTTY = 0x100;
  private static final int O_CLOEXEC = 0x80000;
  private static final int TIOCGPTPEER = 0x5441;
  private static final int AT_FDCWD = -100;
  private static final int JOIN_MILLIS = 50;

  /** Names the places of the descriptors that are polled. */
  private static final int WAKE = 0;

  private static final int MASTER = 1;
  private static final int KEYS = 2;
  private static final int SCREEN = 3;
  private static final int WATCH = 4;
  private static final int POLLED = 5;

  private final SystemCalls calls;
  private final CallersTerminal callers;
  private final Terminal program;
  private final int programsEnd;
  private final PipeEnds wake;
  private final TerminalWatch watch;
  private final IntConsumer signals;
  private final NativeMemory memory;
  private final Thread thread;

  /** What is to be written to the caller's terminal, in the first buffer. */
  private Pending screen = Pending.NOTHING;

  /** What was typed, in the second buffer. */
  private Pending keys = Pending.NOTHING;

  /** What the program's terminal shows next of a line that the caller's terminal has shown. */
  private byte[] echo = {};

  /** The signal that the pending keys make in the program's terminal. */
  private int signal;

  private OptionalInt keyboard;
  private OptionalInt display;
  private boolean drained;
  private volatile boolean ending;

  /** Holds the part of a buffer that is not written yet. */
  private record Pending(int from, int to) {
    static final Pending NOTHING = new Pending(0, 0);

    boolean isEmpty() {
      return from == to;
    }

    Pending without(long written) {
      return new Pending(from + (int) written, to);
    }
  }

  /**
   * Makes a relay.
   *
   * @param master the sandbox's pseudoterminal
   * @param wake a non-blocking pipe of the relay's own
   * @param signals is told which signal was typed, and of SIGHUP when the caller's terminal is gone
   */
  TerminalRelay(
      SystemCalls calls, CallersTerminal callers, int master, PipeEnds wake, IntConsumer signals)
      throws ErrnoException {
    this.calls = calls;
    this.callers = callers;
    this.program = new Terminal(calls, master);
    this.wake = wake;
    this.signals = signals;
    this.keyboard = callers.input();
    this.display = callers.output();
    calls.must("cannot set a flag", Syscall.FCNTL, master, F_SETFL, O_RDWR | O_NONBLOCK);
    programsEnd =
        (int) calls.call(Syscall.IOCTL, master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    // A program that has ended already may have taken its terminal with it.
    watch = TerminalWatch.of(calls, callers.descriptor(), programsEnd);
    memory = NativeMemory.ofSize(calls, POLLFDS + POLLED * POLLFD_BYTES);
    thread = new Thread(this::run, "terminal relay");
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  private void run() {
    while (!drained) {
      callers.follow(program);
      turn();
    }
  }

  /** Waits for what can be done, and does it. */
  private void turn() {
    boolean reads = keys.isEmpty() && !ending && keyboard.isPresent() && callers.mayRead();
    int[] ready =
        poll(
            POLLIN,
            (screen.isEmpty() ? POLLIN : 0) | (keys.isEmpty() ? 0 : POLLOUT),
            reads ? POLLIN : 0,
            screen.isEmpty() ? 0 : POLLOUT);
    if (ready[WAKE] != 0) {
      calls.call(Syscall.READ, wake.read(), memory.address() + WOKEN, TIMEOUT - WOKEN);
    }
    if (ready[WATCH] != 0) {
      watch.clear();
      callers.notice();
    }
    if (((ready[KEYS] | ready[SCREEN]) & POLLERR_HUP) != 0) {
      hangUp();
    } else if (ready[SCREEN] != 0) {
      writeScreen();
    } else if (screen.isEmpty() && ((ready[MASTER] & ~POLLOUT) != 0 || ending)) {
      readOutput();
    }
    if ((ready[MASTER] & POLLOUT) != 0) {
      writeKeys();
    }
    if ((ready[KEYS] & POLLIN) != 0 && keyboard.isPresent() && callers.mayRead()) {
      readKeys();
    }
  }

  /** Waits, and returns for each descriptor what it is ready for. */
  private int[] poll(int ofWake, int ofMaster, int ofKeys, int ofScreen) {
    ByteBuffer entries = ByteBuffer.allocate(POLLED * POLLFD_BYTES).order(ByteOrder.nativeOrder());
    entries.putInt(wake.read()).putInt(ofWake).putInt(program.fd()).putInt(ofMaster);
    entries.putInt(keyboard.orElse(-1)).putInt(ofKeys).putInt(display.orElse(-1)).putInt(ofScreen);
    entries.putInt(callers.isShared() ? watch.fd() : -1).putInt(POLLIN);
    memory.write(POLLFDS, entries.array());
    int patience = ending && screen.isEmpty() ? 0 : callers.patience();
    entries.clear();
    entries.putLong(patience / 1000).putLong(patience % 1000 * 1_000_000L);
    memory.write(TIMEOUT, Arrays.copyOf(entries.array(), 16));
    long timeout = patience < 0 ? 0 : memory.address() + TIMEOUT;
    long count =
        calls.call(Syscall.PPOLL, memory.address() + POLLFDS, POLLED, timeout, 0, SIGSET_BYTES);
    int[] ready = new int[POLLED];
    if (count > 0) {
      ByteBuffer answers =
          ByteBuffer.wrap(memory.read(POLLFDS, POLLED * POLLFD_BYTES))
              .order(ByteOrder.nativeOrder());
      Arrays.setAll(ready, i -> answers.getShort(i * POLLFD_BYTES + 6));
    }
    return ready;
  }

  private void readOutput() {
    long got = calls.call(Syscall.READ, program.fd(), memory.address(), BUFFER);
    if (got > 0) {
      int shown = shownAlready((int) got);
      screen = display.isPresent() ? new Pending(shown, (int) got) : Pending.NOTHING;
    } else if (got == -Errno.EAGAIN.number()) {
      drained = ending;
    } else if (got != -Errno.EINTR.number()) {
      drained = true;
    }
  }

  /** Adds to an echo that has not come yet: two lines can be typed at once. */
  private void expect(byte[] more) {
    byte[] all = Arrays.copyOf(echo, echo.length + more.length);
    System.arraycopy(more, 0, all, echo.length, more.length);
    echo = all;
  }

  /**
   * Returns how many bytes of output are the expected echo. Output that the program made at the
   * same moment can hide it; then it is shown twice.
   */
  private int shownAlready(int got) {
    int length = Math.min(got, echo.length);
    boolean same = Arrays.equals(memory.read(0, length), Arrays.copyOf(echo, length));
    echo = same ? Arrays.copyOfRange(echo, length, echo.length) : new byte[0];
    return same ? length : 0;
  }

  private void writeScreen() {
    long address = memory.address() + screen.from();
    long wrote =
        calls.call(Syscall.WRITE, display.getAsInt(), address, screen.to() - screen.from());
    if (wrote >= 0) {
      screen = screen.without(wrote);
    } else if (isFinal(wrote)) {
      display = OptionalInt.empty(); // The terminal is gone.
      screen = Pending.NOTHING;
    }
  }

  private void readKeys() {
    boolean lines = callers.isCanonical();
    boolean shown = lines && callers.echoes();
    long got = calls.call(Syscall.READ, keyboard.getAsInt(), memory.address() + BUFFER, BUFFER);
    Optional<Modes> modes = program.modes();
    if (got > 0) {
      keys = new Pending(BUFFER, BUFFER + (int) got);
      byte[] bytes = memory.read(BUFFER, (int) got);
      modes.ifPresent(now -> signal = lastSignal(now, bytes));
      if (shown) {
        modes.ifPresent(now -> expect(now.echoOf(bytes)));
      }
    } else if (got == 0 && lines && modes.isPresent()) {
      memory.write(BUFFER, new byte[] {modes.get().endOfFile()});
      keys = new Pending(BUFFER, BUFFER + 1);
    } else if (got == 0 || isFinal(got)) {
      hangUp();
    }
  }

  private static int lastSignal(Modes modes, byte[] typed) {
    int last = 0;
    for (byte each : typed) {
      int made = modes.signalOf(each);
      last = made == 0 ? last : made;
    }
    return last;
  }

  private void writeKeys() {
    long address = memory.address() + keys.from();
    long wrote = calls.call(Syscall.WRITE, program.fd(), address, keys.to() - keys.from());
    if (wrote >= 0) {
      keys = keys.without(wrote);
    } else if (isFinal(wrote)) {
      keys = Pending.NOTHING;
    }
    if (keys.isEmpty() && signal != 0) {
      signals.accept(signal);
      signal = 0;
    }
  }

  private static boolean isFinal(long result) {
    return result < 0 && result != -Errno.EAGAIN.number() && result != -Errno.EINTR.number();
  }

  /**
   * Hangs the program's terminal up, as the caller's is. The numbers stay taken: other threads may
   * use them.
   */
  private void hangUp() {
    keyboard = OptionalInt.empty();
    display = OptionalInt.empty();
    screen = Pending.NOTHING;
    try (NativeMemory path = NativeMemory.holding(calls, ByteString.of("/dev/null").terminated())) {
      long nothing =
          calls.call(Syscall.OPENAT, AT_FDCWD, path.address(), O_RDWR | O_NOCTTY | O_CLOEXEC);
      calls.call(Syscall.DUP3, nothing, programsEnd, O_CLOEXEC);
      calls.call(Syscall.DUP3, nothing, program.fd(), O_CLOEXEC);
      calls.call(Syscall.CLOSE, nothing);
    }
    signals.accept(Signals.SIGHUP);
  }

  /** Decides whether a process group has the program's terminal in its foreground. */
  boolean isForeground(long group) {
    return program.foreground().map(now -> now == group).orElse(false);
  }

  /** Decides whether the program's terminal has a foreground, which its keys signal. */
  boolean isControlling() {
    return program.foreground().map(now -> now != 0).orElse(false);
  }

  /** Decides whether the program reads whole lines. */
  boolean readsLines() {
    return program.modes().map(Modes::isCanonical).orElse(false);
  }

  /** Sends a signal to the foreground of the program's terminal, as its key would. */
  void interrupt(int sent) {
    program.signal(sent);
  }

  /** Gives the caller's terminal back, before the tool stops. */
  void release() {
    callers.release();
  }

  /** Takes the caller's terminal again, if the tool is in the foreground. */
  void resume() {
    callers.resume();
    resize();
    wakeUp();
  }

  /** Gives the program's terminal the size of the caller's. */
  void resize() {
    callers.size().ifPresent(program::resize);
  }

  private void wakeUp() {
    calls.call(Syscall.WRITE, wake.write(), memory.address() + TIMEOUT, 1);
  }

  /**
   * Ends the relay when the program has ended and all its output is written, and gives the caller's
   * terminal back.
   *
   * @param givesUp whether to wait no longer
   */
  void finish(BooleanSupplier givesUp) {
    ending = true;
    wakeUp();
    try {
      while (thread.isAlive() && !givesUp.getAsBoolean()) {
        thread.join(JOIN_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    release();
  }
}
