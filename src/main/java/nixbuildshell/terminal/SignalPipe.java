package nixbuildshell.terminal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.IntConsumer;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.launch.Pipes;
import nixbuildshell.plan.PipeEnds;

/**
 * Handles a signal that the JVM keeps to itself, as it does SIGQUIT, to print its threads. A
 * handler in machine code writes to a pipe, which a thread reads.
 */
public final class SignalPipe {
  /** A child that has the pipe, too, does not delay the end for ever. */
  private static final int JOIN_MILLIS = 100;

  private SignalPipe() {}

  /**
   * Handles a signal from now on, for as long as the process runs.
   *
   * @param action is run in a thread of its own
   */
  public static void handle(SystemCalls calls, int signal, IntConsumer action) {
    Runnable end;
    try {
      end = begin(calls, signal, action);
    } catch (ErrnoException e) {
      throw e.failure("cannot take signal " + signal, "");
    }
    try {
      Runtime.getRuntime().addShutdownHook(new Thread(end));
    } catch (IllegalStateException e) {
      // A signal that the JVM still handled is already ending it.
      end.run();
    }
  }

  /** Begins, and returns what ends it. */
  static Runnable begin(SystemCalls calls, int signal, IntConsumer action) throws ErrnoException {
    PipeEnds pipe = Pipes.open(calls, 0);
    byte[] code = Code.of(calls.abi());
    ByteBuffer all = ByteBuffer.allocate(code.length + 4).order(ByteOrder.nativeOrder());
    Signals.handle(calls, signal, all.put(code).putInt(pipe.write()).array());
    Thread reader = new Thread(() -> read(calls, pipe.read(), action), "signal pipe");
    reader.setDaemon(true);
    reader.start();
    return () -> end(calls, signal, pipe, reader);
  }

  /**
   * Ends the reader. While a thread is in a system call, the JVM waits 300 ms before it ends
   * (HotSpot's {@code VM_Exit}).
   */
  private static void end(SystemCalls calls, int signal, PipeEnds pipe, Thread reader) {
    Signals.ignore(calls, signal);
    calls.call(Syscall.CLOSE, pipe.write());
    try {
      reader.join(JOIN_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void read(SystemCalls calls, int pipe, IntConsumer action) {
    try (NativeMemory signal = NativeMemory.ofSize(calls, 1)) {
      long got;
      do {
        got = calls.call(Syscall.READ, pipe, signal.address(), 1);
        if (got == 1) {
          action.accept(signal.read(0, 1)[0]);
        }
      } while (got == 1 || got == -Errno.EINTR.number());
    }
  }
}
