package nixbuildshell.kernel;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import nixbuildshell.abi.Syscall;

/**
 * Lets the JVM sleep while the tool waits. Two of its threads wake up every five seconds, for the
 * allocator's pools and for the compiler's queue, and two that tidy memory each minute or half a
 * minute. No option prevents that.
 *
 * <p>A thread's timer slack says how late its timeouts may come (prctl(2), PR_SET_TIMERSLACK).
 * These threads get an hour, by a signal whose handler they run. Work, and the end of the JVM,
 * still wake them at once. All others keep theirs: the VM thread counts on milliseconds.
 */
public final class JvmTimers {
  /** Names the threads as the kernel shortens their names. */
  private static final Set<String> THREADS =
      Set.of("VM Periodic Tas", "C1 CompilerThre", "Common-Cleaner", "JNA Cleaner");

  /** A command that ends earlier pays for a thread only. */
  private static final int PATIENCE_MILLIS = 3000;

  /** The last of the real-time signals, which neither the JVM nor the C library uses. */
  private static final int SIGNAL = 64;

  private JvmTimers() {}

  /** Lets the threads sleep when the tool has waited for three seconds, as for a shell. */
  public static void sleepLater(SystemCalls calls) {
    Thread thread = new Thread(() -> sleep(calls), "timers");
    thread.setDaemon(true);
    thread.start();
  }

  private static void sleep(SystemCalls calls) {
    try {
      Thread.sleep(PATIENCE_MILLIS);
    } catch (InterruptedException e) {
      return;
    }
    Signals.handle(calls, SIGNAL, Code.of(calls.abi()));
    long process = calls.call(Syscall.GETPID);
    for (String thread : new File("/proc/self/task").list()) {
      if (THREADS.contains(name(thread))) {
        calls.call(Syscall.TGKILL, process, Long.parseLong(thread), SIGNAL);
      }
    }
  }

  /** Returns the name of a thread of this process; nothing when it has ended. */
  private static String name(String thread) {
    try {
      return Files.readString(Path.of("/proc/self/task", thread, "comm")).strip();
    } catch (IOException e) {
      return "";
    }
  }
}
