package nixbuildshell.launch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import nixbuildshell.Failure;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.plan.Outcome;

/** Waits for the process of a {@link Launch} and signals it. Any thread may call any method. */
public final class Child {
  static final int P_PID = 1;
  static final int WEXITED = 4;
  private static final int WNOHANG = 1;
  private static final int WSTOPPED = 2;
  static final int WNOWAIT = 0x1000000;
  private static final int SIGINFO_SIZE = 128;
  private static final int SI_CODE = 8;
  private static final int SI_STATUS = 24;
  private static final int CLD_EXITED = 1;
  private static final int CLD_STOPPED = 5;

  private final SystemCalls calls;
  private final long pid;
  private final SharedImage image;
  private final GoPipe go;

  /** Is set when the process is reaped; from then on {@link #pid} can be another process. */
  private Ended ended;

  Child(SystemCalls calls, long pid, SharedImage image, GoPipe go) {
    this.calls = calls;
    this.pid = pid;
    this.image = image;
    this.go = go;
  }

  /** Returns the process ID in the caller's PID namespace. */
  public long pid() {
    return pid;
  }

  /** Waits until the process has ended. */
  public Ended await() {
    synchronized (this) {
      if (ended != null) {
        return ended; // The number may be that of another child by now.
      }
    }
    try (NativeMemory siginfo = NativeMemory.ofSize(calls, SIGINFO_SIZE)) {
      wait(WEXITED | WNOWAIT, siginfo); // ECHILD: another thread has reaped it.
      synchronized (this) {
        if (ended == null) {
          reap(siginfo);
          ended = ended(ByteBuffer.wrap(siginfo.read(0, SIGINFO_SIZE)));
          image.close();
          go.close();
        }
        return ended;
      }
    }
  }

  /** Waits until a signal stops the process; returns false when it has ended instead. */
  public boolean awaitStop() {
    try (NativeMemory siginfo = NativeMemory.ofSize(calls, SIGINFO_SIZE)) {
      if (!isRunning() || wait(WEXITED | WSTOPPED | WNOWAIT, siginfo) < 0) {
        return false;
      }
      ByteBuffer told =
          ByteBuffer.wrap(siginfo.read(0, SIGINFO_SIZE)).order(ByteOrder.nativeOrder());
      return told.getInt(SI_CODE) == CLD_STOPPED && wait(WSTOPPED | WNOHANG, siginfo) == 0;
    }
  }

  private void reap(NativeMemory siginfo) {
    long result = wait(WEXITED, siginfo);
    if (result < 0) {
      throw new Failure(
          "cannot wait for process " + pid, "waitid: " + Errno.describe((int) -result), "");
    }
  }

  private Ended ended(ByteBuffer siginfo) {
    siginfo.order(ByteOrder.nativeOrder());
    int status = siginfo.getInt(SI_STATUS);
    return siginfo.getInt(SI_CODE) == CLD_EXITED
        ? new Ended(image.outcome(), 0, status)
        : new Ended(image.outcome(), status, 128 + status);
  }

  private long wait(int options, NativeMemory siginfo) {
    long result;
    do {
      result = calls.call(Syscall.WAITID, P_PID, pid, siginfo.address(), options, 0);
    } while (result == -Errno.EINTR.number());
    return result;
  }

  /** Sends a signal, unless the process is reaped. */
  public synchronized void kill(int signal) {
    if (ended == null) {
      calls.call(Syscall.KILL, pid, signal);
    }
  }

  /**
   * Sends a signal to the process group that the program leads, unless it is reaped. Before the
   * child has made its session, only the child gets it.
   */
  public synchronized void killGroup(int signal) {
    if (ended == null && calls.call(Syscall.KILL, -pid, signal) < 0) {
      calls.call(Syscall.KILL, pid, signal);
    }
  }

  /** Returns whether the process is not reaped yet. */
  public synchronized boolean isRunning() {
    return ended == null;
  }

  /**
   * Returns whether the program has a handler for a signal now. Returns false before the program
   * runs (the child has the JVM's handlers then) and after its end.
   */
  public boolean catches(int signal) {
    return has("SigCgt:", signal);
  }

  /** Returns whether the program ignores a signal now; false before it runs and after its end. */
  public boolean ignores(int signal) {
    return has("SigIgn:", signal);
  }

  private synchronized boolean has(String mask, int signal) {
    if (ended != null || !(image.outcome() instanceof Outcome.Ran)) {
      return false;
    }
    try {
      return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
          .filter(line -> line.startsWith(mask))
          .map(line -> Long.parseUnsignedLong(line.substring(mask.length()).strip(), 16))
          .anyMatch(bits -> (bits >>> (signal - 1) & 1) != 0);
    } catch (IOException e) {
      return false;
    }
  }
}
