package nixbuildshell.terminal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import nixbuildshell.Failure;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.plan.PipeEnds;

/**
 * Copies between a file or device of the caller's and the pipe that the program has instead, in a
 * thread of its own, since each call may block.
 */
final class StreamCopy {
  private static final int AT_ONCE = 1 << 20;
  private static final int BUFFER = 1 << 16;
  private static final int FIONREAD = 0x541b;
  private static final int SEEK_CUR = 1;
  private static final int POLLIN = 1;
  private static final int POLLOUT = 4;
  private static final int JOIN_MILLIS = 50;
  private static final int RETRY_MILLIS = 10;

  /** Bytes that the program can have left in its pipe, and more. */
  private static final long MOST_LEFT = 2 << 20;

  /** How often in a row a pipe is found empty before nothing is left of the program. */
  private static final int QUIET = 10;

  private final SystemCalls calls;
  private final CallersStream callers;
  private final PipeEnds pipe;
  private final boolean input;
  private final Thread thread;

  /** Bytes that were read and not written. */
  private int pending;

  private volatile long copied;
  private int errno;
  private boolean readEndOpen = true;
  private boolean writeEndOpen = true;
  private boolean ending;

  StreamCopy(SystemCalls calls, CallersStream callers, PipeEnds pipe) {
    this.calls = calls;
    this.callers = callers;
    this.pipe = pipe;
    this.input = callers.descriptor() == 0;
    this.thread = new Thread(this::run, "copy of descriptor " + callers.descriptor());
    thread.setDaemon(true);
  }

  CallersStream callers() {
    return callers;
  }

  /** Returns the end that the program gets. */
  int childsEnd() {
    return input ? pipe.read() : pipe.write();
  }

  /**
   * Begins, once the child has its end. The tool keeps a copy of it only where what is left in the
   * pipe is to be given back.
   */
  void start() {
    if (!input) {
      closeWriteEnd();
    } else if (!givesBack()) {
      closeReadEnd();
    }
    thread.start();
  }

  private boolean givesBack() {
    return input && callers.kind() == CallersStream.Kind.FILE;
  }

  private void run() {
    int from = input ? callers.descriptor() : pipe.read();
    int to = input ? pipe.write() : callers.descriptor();
    errno = copy(from, to);
    if (!input) {
      closeReadEnd(); // The program's next write fails, as it would on the file itself.
      return;
    }
    synchronized (this) {
      if (!ending) {
        closeWriteEnd(); // The program reads the end of the file.
      }
    }
  }

  /** Copies until the end and returns 0, or the errno. */
  private int copy(int from, int to) {
    long got = again(Syscall.SPLICE, from, 0, to, 0, AT_ONCE, 0);
    while (got > 0) {
      copied += got;
      got = again(Syscall.SPLICE, from, 0, to, 0, AT_ONCE, 0);
    }
    // A file that is opened for appending, and most devices, cannot be spliced.
    return got == -Errno.EINVAL.number() ? copyByHand(from, to) : (int) -got;
  }

  private int copyByHand(int from, int to) {
    try (NativeMemory buffer = NativeMemory.ofSize(calls, BUFFER)) {
      while (true) {
        long got = again(Syscall.READ, from, buffer.address(), BUFFER);
        if (got <= 0) {
          return (int) -got;
        }
        pending = (int) got;
        copied += got;
        while (pending > 0) {
          long wrote = again(Syscall.WRITE, to, buffer.address() + got - pending, pending);
          if (wrote < 0) {
            return (int) -wrote;
          }
          pending -= (int) wrote;
        }
      }
    }
  }

  /**
   * Makes a call again after a signal. The caller's descriptor may be non-blocking, and stays so.
   */
  private long again(Syscall syscall, long... arguments) {
    while (true) {
      long result = calls.call(syscall, arguments);
      if (result == -Errno.EAGAIN.number()) {
        awaitCaller();
        pause(); // Where the caller's descriptor is always ready, though it is not.
      } else if (result != -Errno.EINTR.number()) {
        return result;
      }
    }
  }

  private void awaitCaller() {
    ByteBuffer entry = ByteBuffer.allocate(8).order(ByteOrder.nativeOrder());
    entry.putInt(callers.descriptor()).putShort((short) (input ? POLLIN : POLLOUT));
    try (NativeMemory memory = NativeMemory.holding(calls, entry.array())) {
      calls.call(Syscall.PPOLL, memory.address(), 1, 0, 0, 0);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(RETRY_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Ends the copy when the program has ended: waits until all output is written, or gives back what
   * of a file was not read.
   *
   * @param givesUp whether to wait no longer
   */
  void finish(BooleanSupplier givesUp) {
    finish(givesUp, () -> false);
  }

  private void finish(BooleanSupplier output, BooleanSupplier toGiveBack) {
    if (!input) {
      join(output);
    } else if (givesBack()) {
      giveBack(toGiveBack);
    }
  }

  /**
   * Does the same where processes that do not end with the program may hold the program's end: what
   * the program has left in the pipe is written, and nothing after it is waited for.
   */
  void leave(BooleanSupplier givesUp) {
    long most = copied + MOST_LEFT;
    int[] quiet = {0};
    BooleanSupplier nothingLeft =
        () -> {
          quiet[0] = isQuiet() ? quiet[0] + 1 : 0;
          return givesUp.getAsBoolean() || copied > most || quiet[0] > QUIET;
        };
    finish(nothingLeft, nothingLeft);
  }

  /** Decides whether there is nothing to copy; input has to wait for its reader alone. */
  private synchronized boolean isQuiet() {
    return input || readEndOpen && pending == 0 && unread(pipe.read()) == 0;
  }

  private void giveBack(BooleanSupplier givesUp) {
    synchronized (this) {
      ending = true;
    }
    if (writeEndOpen) {
      closeReadEnd(); // A call that waits for room in the pipe ends with EPIPE.
      join(givesUp);
      if (thread.isAlive()) {
        return; // Another reader holds the pipe, and may read what is in it.
      }
    }
    int left = pending + unread(writeEndOpen ? pipe.write() : pipe.read());
    if (left > 0) {
      calls.call(Syscall.LSEEK, callers.descriptor(), -left, SEEK_CUR);
    }
    close();
  }

  private int unread(int end) {
    try (NativeMemory count = NativeMemory.ofSize(calls, 4)) {
      calls.call(Syscall.IOCTL, end, FIONREAD, count.address());
      return ByteBuffer.wrap(count.read(0, 4)).order(ByteOrder.nativeOrder()).getInt();
    }
  }

  private void join(BooleanSupplier givesUp) {
    try {
      while (thread.isAlive() && !givesUp.getAsBoolean()) {
        thread.join(JOIN_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Returns the failure that lost bytes. That a reader of the output went away is no error of the
   * tool's, and nor is a stdin that was never open for reading.
   */
  Optional<Failure> failure() {
    boolean harmless =
        errno == 0 || errno == Errno.EPIPE.number() || input && errno == Errno.EBADF.number();
    return harmless
        ? Optional.empty()
        : Optional.of(
            new Failure(
                "cannot " + (input ? "read" : "write to") + " descriptor " + callers.descriptor(),
                Errno.describe(errno),
                ""));
  }

  private synchronized void closeReadEnd() {
    if (readEndOpen) {
      readEndOpen = false;
      calls.call(Syscall.CLOSE, pipe.read());
    }
  }

  private synchronized void closeWriteEnd() {
    if (writeEndOpen) {
      writeEndOpen = false;
      calls.call(Syscall.CLOSE, pipe.write());
    }
  }

  /** Closes what is open, unless the thread is still at work. */
  void close() {
    if (!thread.isAlive()) {
      closeReadEnd();
      closeWriteEnd();
    }
  }
}
