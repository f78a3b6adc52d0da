package nixbuildshell.terminal;

import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import nixbuildshell.Failure;
import nixbuildshell.launch.Child;

/**
 * What becomes of signals that the tool gets.
 *
 * <p>The command is PID 1 of its namespace, and the kernel drops every signal that a PID 1 has no
 * handler for (pid_namespaces(7)), the terminal's Ctrl-C too. So a signal that should end the
 * command and is not caught there becomes SIGKILL. Whether it is caught is looked at again for a
 * moment: many handlers clean up, restore the default and raise the signal once more, which nobody
 * would see.
 *
 * <p>An interactive shell has a foreground group of its own, and its Ctrl-C does not come here.
 */
public final class SignalRelay {
  private static final int SIGINT = 2;
  private static final int SIGKILL = 9;
  private static final int SIGCONT = 18;
  private static final int SIGSTOP = 19;

  /** How long a command that catches SIGINT is watched before it is left alone. */
  private static final long INTERRUPT_WATCH = TimeUnit.SECONDS.toNanos(1);

  /** A second Ctrl-C within this time kills. */
  private static final long INSISTENCE = TimeUnit.SECONDS.toNanos(2);

  /** How long a command has to end after a SIGTERM or SIGHUP that it catches. */
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
   * From now on signals are the child's business. One that came before ends it at once.
   *
   * @param sharesTerminal whether the terminal's Ctrl-C reaches the child without help
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

  /** From now on it is only noted what comes, as before there was a child. */
  public synchronized void begin() {
    child = null;
    ending = 0;
  }

  /** The signal that ended, or is to end, what the tool does; 0 when there was none. */
  public synchronized int ending() {
    return ending;
  }

  private void interrupt(int signal) {
    long now = System.nanoTime();
    Child running;
    boolean insists;
    synchronized (this) {
      insists = now - lastInterrupt < INSISTENCE;
      lastInterrupt = now;
      running = child;
      if (running == null) {
        ending = signal;
        return;
      }
    }
    if (insists) {
      kill(running, signal);
      return;
    }
    if (!reachesChildItself && running.catches(SIGINT)) {
      running.kill(SIGINT);
    }
    killUnlessCaught(running, signal, INTERRUPT_WATCH);
  }

  private void terminate(int signal) {
    Child running;
    synchronized (this) {
      running = child;
      if (running == null) {
        ending = signal;
        return;
      }
    }
    if (running.catches(signal)) {
      running.kill(signal);
    }
    killUnlessCaught(running, signal, GRACE);
    kill(running, signal);
  }

  /**
   * Ctrl-Z on a command: PID 1 does not stop by itself, and the shell outside waits for this
   * process. That is stopped by SIGTSTP with its default action, which the kernel drops where no
   * shell could continue it (an orphaned process group, setpgid(2)); SIGSTOP would not care.
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
    pause(); // Another thread may be the one that takes it.
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
