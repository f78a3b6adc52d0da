package nixbuildshell.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.LongSupplier;
import nixbuildshell.abi.Syscall;

/**
 * Sets dispositions and masks without the C library and the JVM. The numbers are those of both
 * architectures (signal(7)).
 */
public final class Signals {
  public static final int SIGHUP = 1;
  public static final int SIGINT = 2;
  public static final int SIGQUIT = 3;
  public static final int SIGKILL = 9;
  public static final int SIGCHLD = 17;
  public static final int SIGTSTP = 20;
  public static final int SIGTTOU = 22;

  private static final long DEFAULT = 0;
  private static final long IGNORE = 1;

  /** {@code asm/signal.h}: the restorer is given, and what a signal interrupts is made again. */
  private static final long SA_RESTORER_RESTART = 0x04000000 | 0x10000000;

  /** Says where the code begins that is behind the restorer. */
  private static final int HANDLER = 8;

  private static final int SIG_BLOCK = 0;
  private static final int SIG_SETMASK = 2;
  private static final int SET_SIZE = 8;

  private Signals() {}

  /** Ignores a signal. Children inherit this. */
  public static void ignore(SystemCalls calls, int signal) {
    set(calls, signal, IGNORE, 0, 0);
  }

  /** Gives a signal its default action. */
  public static void restore(SystemCalls calls, int signal) {
    set(calls, signal, DEFAULT, 0, 0);
  }

  /**
   * Handles a signal by machine code, even if the JVM handles it, like SIGQUIT.
   *
   * @param code begins as {@code src/main/asm/restorer-ARCH.inc}; behind that is a function that
   *     any thread can run at any time
   */
  public static void handle(SystemCalls calls, int signal, byte[] code) {
    long restorer = MachineCode.load(calls, code).address();
    set(calls, signal, restorer + HANDLER, SA_RESTORER_RESTART, restorer);
  }

  /** Sets the kernel's structure: handler, flags, restorer and mask, of a word each. */
  private static void set(SystemCalls calls, int signal, long handler, long flags, long restorer) {
    try (NativeMemory action = NativeMemory.holding(calls, words(handler, flags, restorer, 0))) {
      calls.must(
          "cannot set the action of signal " + signal,
          Syscall.RT_SIGACTION,
          signal,
          action.address(),
          0,
          SET_SIZE);
    }
  }

  /** Runs an action while the calling thread blocks one signal, then restores its mask. */
  public static long blocking(SystemCalls calls, int signal, LongSupplier action) {
    try (NativeMemory masks = NativeMemory.holding(calls, words(1L << (signal - 1), 0))) {
      long old = masks.address() + SET_SIZE;
      calls.must(
          "cannot block signal " + signal,
          Syscall.RT_SIGPROCMASK,
          SIG_BLOCK,
          masks.address(),
          old,
          SET_SIZE);
      try {
        return action.getAsLong();
      } finally {
        calls.call(Syscall.RT_SIGPROCMASK, SIG_SETMASK, old, 0, SET_SIZE);
      }
    }
  }

  private static byte[] words(long... words) {
    ByteBuffer bytes = ByteBuffer.allocate(words.length * 8).order(ByteOrder.nativeOrder());
    for (long word : words) {
      bytes.putLong(word);
    }
    return bytes.array();
  }
}
