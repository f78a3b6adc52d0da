package nixbuildshell.terminal;

import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import nixbuildshell.Failure;
import nixbuildshell.launch.Child;

/**
 * Passes signals that the tool gets on to the command.
 *
 * <p>The command is PID 1 of its namespace, and the kernel drops every signal that a PID 1 does not
 * handle (pid_namespaces(7)), the terminal's Ctrl-C too. So a signal that should end the command,
 * and that the command does not catch, becomes SIGKILL. The relay looks again for a moment: many
 * handlers clean up, restore the default and raise the signal once more, without effect.
 *
 * <p>An interactive shell has its own foreground group, and its Ctrl-C does not come here.
 */
public final class SignalRelay {
  private static final int SIGINT = 2;
  private static final int SIGKILL = 9;
  private static final int SIGCONT = 18;
  private static final int SIGSTOP = 19;

  /** Nanoseconds in which a command that catches SIGINT is watched. */
  private static final long INTERRUPT_WATCH = TimeUnit.SECONDS.toNanos(1);

  /** Nanoseconds in which a second Ctrl-C kills. */
  private static final long INSISTENCE = TimeUnit.SECONDS.toNanos(2);

  /** Nanoseconds that a command has to end after a SIGTERM or SIGHUP that it catches. */
  private static final long GRACE = TimeUnit.SECONDS.toNanos(5);

  private final IntConsumer signalOneself;
  private Child child;
  private boolean reachesChildItself;
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
   * Handles SIGINT, SIGTERM, SIGHUP and SIGTSTP from now on, unless the caller ignores them.
   *
   * @param signalOneself sends a signal to this process
   */
  public static SignalRelay install(IntConsumer signalOneself) {
    SignalRelay relay = new SignalRelay(signalOneself);
    try {
      handle("INT", relay::interrupt);
      handle("TERM", relay::terminate);
      handle("HUP", relay::terminate);
      handle("TSTP", relay::suspend);
    } catch (IllegalArgumentException e) {
      throw new Failure(
          "cannot take signals", e.getMessage(), "run Java without -Xrs (JAVA_TOOL_OPTIONS?)", e);
    }
    return relay;
  }

  private static void handle(String name, IntConsumer action) {
    sun.misc.Signal signal = new sun.misc.Signal(name);
    sun.misc.SignalHandler before =
        sun.misc.Signal.handle(signal, caught -> action.accept(caught.getNumber()));
    if (before == sun.misc.SignalHandler.SIG_IGN) {
      sun.misc.Signal.handle(signal, before);
    }
  }

  /**
   * Passes signals on to a child from now on. A signal that came before kills it at once.
   *
   * @param sharesTerminal whether the terminal's Ctrl-C reaches the child by itself
   */
  public void attach(Child started, boolean sharesTerminal) {
    int early;
    synchronized (this) {
      child = started;
      reachesChildItself = sharesTerminal;
      early = ending;
    }
    if (early != 0) {
      started.kill(SIGKILL);
    }
  }

  /** Forgets a child that has ended: signals are noted for the next. */
  public synchronized void detach() {
    child = null;
  }

  /** Only notes signals from now on, as before there was a child. */
  public synchronized void begin() {
    child = null;
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
    boolean insists = insists();
    Child running = childFor(signal);
    if (running == null) {
      return;
    } else if (insists) {
      kill(running, signal);
      return;
    }
    if (!reachesChildItself && running.catches(SIGINT)) {
      running.kill(SIGINT);
    }
    killUnlessCaught(running, signal, INTERRUPT_WATCH);
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
    Child running;
    synchronized (this) {
      running = child;
    }
    if (running != null) {
      running.kill(SIGSTOP);
    }
    sun.misc.Signal.handle(new sun.misc.Signal("TSTP"), sun.misc.SignalHandler.SIG_DFL);
    signalOneself.accept(signal);
    pause(); // The kernel may give the signal to another thread.
    handle("TSTP", this::suspend);
    if (running != null) {
      running.kill(SIGCONT);
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
    running.kill(SIGKILL);
  }
}
