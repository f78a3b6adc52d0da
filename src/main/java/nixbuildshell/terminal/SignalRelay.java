package nixbuildshell.terminal;

import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import nixbuildshell.Failure;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.launch.Child;

/**
 * Passes signals that the tool gets on to the command.
 *
 * <p>The command is PID 1 of its namespace, and the kernel drops every signal that a PID 1 does not
 * handle (pid_namespaces(7)), those of its terminal's keys too. So a signal that should end the
 * command, and that the command does not catch, becomes SIGKILL. The relay looks again for a
 * moment: many handlers clean up, restore the default and raise the signal once more, without
 * effect. A job of a shell inside is no PID 1, and the kernel does all that.
 */
public final class SignalRelay {
  private static final int SIGCONT = 18;
  private static final int SIGSTOP = 19;

  /** Nanoseconds in which a command that catches SIGINT is watched. */
  private static final long INTERRUPT_WATCH = TimeUnit.SECONDS.toNanos(1);

  /** Nanoseconds in which a second Ctrl-C kills. */
  private static final long INSISTENCE = TimeUnit.SECONDS.toNanos(2);

  /** Nanoseconds that a command has to end after a SIGTERM or SIGHUP that it catches. */
  private static final long GRACE = TimeUnit.SECONDS.toNanos(5);

  private final IntConsumer signalOneself;
  private final Object suspending = new Object();
  private Child child;
  private Optional<TerminalRelay> terminal = Optional.empty();
  private int ending;
  private long lastInterrupt = System.nanoTime() - INSISTENCE;

  /**
   * Makes a relay that no signal reaches, for tests.
   *
   * @param signalOneself sends a signal to this process
   */
  public SignalRelay(IntConsumer signalOneself) {
    this.signalOneself = signalOneself;
  }

  /**
   * Handles SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT and SIGWINCH from now on, unless the
   * caller ignores them. The JVM hides what the caller did with SIGQUIT, so what it did with SIGINT
   * counts: a shell ignores both for a command in the background.
   */
  public static SignalRelay install(SystemCalls calls) {
    SignalRelay relay =
        new SignalRelay(signal -> calls.call(Syscall.KILL, calls.call(Syscall.GETPID), signal));
    try {
      if (handle("INT", relay::interrupt)) {
        SignalPipe.handle(calls, Signals.SIGQUIT, relay::interrupt);
      } else {
        Signals.ignore(calls, Signals.SIGQUIT);
      }
      handle("TERM", relay::terminate);
      handle("HUP", relay::terminate);
      handle("TSTP", relay::suspend);
      handle("CONT", signal -> relay.terminal().ifPresent(TerminalRelay::resume));
      handle("WINCH", signal -> relay.terminal().ifPresent(TerminalRelay::resize));
    } catch (IllegalArgumentException e) {
      throw new Failure(
          "cannot take signals", e.getMessage(), "run Java without -Xrs (JAVA_TOOL_OPTIONS?)", e);
    }
    return relay;
  }

  /** Handles a signal and returns true, or returns false when the caller ignores it. */
  private static boolean handle(String name, IntConsumer action) {
    sun.misc.Signal signal = new sun.misc.Signal(name);
    sun.misc.SignalHandler before =
        sun.misc.Signal.handle(signal, caught -> action.accept(caught.getNumber()));
    if (before == sun.misc.SignalHandler.SIG_IGN) {
      sun.misc.Signal.handle(signal, before);
      return false;
    }
    return true;
  }

  /** Passes signals on to a child from now on. A signal that came before kills it at once. */
  public void attach(Child started) {
    int early;
    synchronized (this) {
      child = started;
      terminal = Optional.empty();
      early = ending;
    }
    if (early != 0) {
      started.kill(Signals.SIGKILL);
    }
  }

  /** Forgets a child that has ended: signals are noted for the next. */
  public synchronized void detach() {
    child = null;
    terminal = Optional.empty();
  }

  /** Uses the child's terminal from now on. */
  synchronized void attach(TerminalRelay relay) {
    terminal = Optional.of(relay);
  }

  /**
   * Does what the program's terminal tells: a signal was typed there. Or the caller's terminal is
   * gone, SIGHUP; the shell that would tell the tool may be gone, too, or the tool no job of it.
   */
  void fromTerminal(int signal) {
    if (signal == Signals.SIGHUP) {
      signalOneself.accept(signal);
    } else {
      typed(signal);
    }
  }

  private synchronized Optional<TerminalRelay> terminal() {
    return terminal;
  }

  /** Only notes signals from now on, as before there was a child. */
  public synchronized void begin() {
    detach();
    ending = 0;
  }

  /** Returns the signal that ends what the tool does; 0 when there was none. */
  public synchronized int ending() {
    return ending;
  }

  /** Returns the child; null when there is none, for which the signal is noted. */
  private synchronized Child childFor(int signal) {
    if (child == null) {
      ending = signal;
    }
    return child;
  }

  private synchronized boolean insists() {
    long before = lastInterrupt;
    lastInterrupt = System.nanoTime();
    return lastInterrupt - before < INSISTENCE;
  }

  private void interrupt(int signal) {
    Child running = childFor(signal);
    if (running == null) {
      return;
    }
    Optional<TerminalRelay> inside = terminal().filter(TerminalRelay::isControlling);
    if (inside.isPresent()) {
      inside.get().interrupt(signal);
      typed(signal);
    } else {
      if (running.catches(signal) || running.ignores(signal)) {
        running.killGroup(signal); // For what a shell that ignores SIGQUIT runs.
      }
      endUnlessCaught(running, signal, insists());
    }
  }

  /**
   * Does for the command what its terminal cannot do for a PID 1, when a key has made a signal
   * there. A shell with job control ignores SIGTSTP, and its keys are its own affair.
   */
  private void typed(int signal) {
    Child running;
    synchronized (this) {
      running = child;
    }
    Optional<TerminalRelay> inside = terminal();
    if (running == null
        || inside.isEmpty()
        || !inside.get().isForeground(running.pid())
        || running.ignores(Signals.SIGTSTP)) {
      return;
    }
    boolean insists = inside.get().readsLines() && insists();
    new Thread(() -> typed(running, signal, insists), "typed signal").start();
  }

  private void typed(Child running, int signal, boolean insists) {
    if (signal != Signals.SIGTSTP) {
      endUnlessCaught(running, signal, insists);
    } else if (!running.catches(signal)) {
      suspend(signal);
    }
  }

  private void endUnlessCaught(Child running, int signal, boolean insists) {
    if (insists) {
      kill(running, signal);
    } else if (signal == Signals.SIGINT || !running.ignores(signal)) {
      killUnlessCaught(running, signal, INTERRUPT_WATCH);
    }
  }

  private void terminate(int signal) {
    Child running = childFor(signal);
    if (running == null) {
      return;
    }
    if (running.catches(signal)) {
      running.kill(signal);
    }
    killUnlessCaught(running, signal, GRACE);
    kill(running, signal);
  }

  /**
   * Stops the command and this process at Ctrl-Z: a PID 1 does not stop by itself. This process
   * stops by SIGTSTP, which the kernel drops where no shell could continue it (an orphaned process
   * group, setpgid(2)); SIGSTOP would stop it there too.
   */
  private void suspend(int signal) {
    Optional<Child> running;
    synchronized (this) {
      running = Optional.ofNullable(child);
    }
    synchronized (suspending) {
      running.ifPresent(each -> each.killGroup(SIGSTOP));
      terminal().ifPresent(TerminalRelay::release);
      sun.misc.Signal.handle(new sun.misc.Signal("TSTP"), sun.misc.SignalHandler.SIG_DFL);
      signalOneself.accept(signal);
      pause(); // The kernel may give the signal to another thread.
      handle("TSTP", this::suspend);
      terminal().ifPresent(TerminalRelay::resume);
      running.ifPresent(each -> each.killGroup(SIGCONT));
    }
  }

  /** Continues a child that another process has stopped, unless this one is about to stop, too. */
  void resume(Child stopped) {
    synchronized (suspending) {
      stopped.killGroup(SIGCONT);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(50);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void killUnlessCaught(Child running, int signal, long watch) {
    long end = System.nanoTime() + watch;
    while (running.isRunning() && System.nanoTime() < end) {
      if (!running.catches(signal)) {
        kill(running, signal);
        return;
      }
      pause();
    }
  }

  private void kill(Child running, int signal) {
    synchronized (this) {
      ending = signal;
    }
    running.kill(Signals.SIGKILL);
  }
}
