package nixbuildshell.terminal;

import java.util.Optional;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.Readiness;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.launch.Child;

/**
 * Watches a session in a running build, whose processes are the session's user and may do to it
 * what they like. They can stop it (SIGSTOP), and no shell inside would continue it. And they can
 * trace it: then this process is not told of its end before the tracer has ended, too (ptrace(2)).
 */
public final class SessionWatch {
  /** How often the session is continued: a build could stop it before it does anything. */
  private static final int MOST_STOPS = 20;

  private static final long DAY = 24 * 3600 * 1000L;
  private static final int CHECKS = 20;
  private static final int CHECK_MILLIS = 50;

  private final SystemCalls calls;
  private final Child session;
  private final SignalRelay signals;
  private volatile Optional<String> trouble = Optional.empty();

  private SessionWatch(SystemCalls calls, Child session, SignalRelay signals) {
    this.calls = calls;
    this.session = session;
    this.signals = signals;
  }

  /**
   * Begins to watch, until the session has ended.
   *
   * @param endBuild ends the build with all its processes
   */
  public static SessionWatch start(
      SystemCalls calls, Child session, SignalRelay signals, Runnable endBuild) {
    SessionWatch watch = new SessionWatch(calls, session, signals);
    int pidfd = (int) calls.call(Syscall.PIDFD_OPEN, session.pid(), 0);
    start("stops", watch::stops);
    if (pidfd >= 0) {
      start("death", () -> watch.death(pidfd, endBuild));
    }
    return watch;
  }

  private static void start(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }

  private void stops() {
    for (int stops = 0; session.awaitStop(); stops++) {
      if (stops == MOST_STOPS) {
        trouble = Optional.of("the build stops the session again and again; so it was killed");
        session.kill(Signals.SIGKILL);
        return;
      }
      signals.resume(session);
    }
  }

  private void death(int pidfd, Runnable endBuild) {
    while (!Readiness.of(calls, pidfd, DAY)) {
      // It lives.
    }
    calls.call(Syscall.CLOSE, pidfd);
    try {
      for (int check = 0; check < CHECKS && session.isRunning(); check++) {
        Thread.sleep(CHECK_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (session.isRunning()) {
      trouble = Optional.of("the build traces the session and keeps its end back; so it was ended");
      endBuild.run();
    }
  }

  /** Returns what the build did to the session, and what followed. */
  public Optional<String> trouble() {
    return trouble;
  }
}
