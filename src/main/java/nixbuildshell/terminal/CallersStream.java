package nixbuildshell.terminal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.IntStream;
import nixbuildshell.Failure;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.SystemCalls;

/**
 * Tells what the caller gave the tool as descriptor 0, 1 or 2.
 *
 * @param device the file system of the file, as a number for comparison only
 */
public record CallersStream(int descriptor, Kind kind, long device, long inode) {
  /** Lists what makes a difference to the sandbox. */
  public enum Kind {
    TERMINAL,

    /** An unnamed pipe or a socket, which leads to nothing but its other end. */
    CHANNEL,

    /** {@code /dev/null}, or a closed descriptor. */
    NOTHING,

    /** A regular file or a block device. A build could reopen it, with all rights of its owner. */
    FILE,

    /** A named pipe or another device. A build could reopen it, too. */
    OTHER
  }

  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int STATX_BASIC_STATS = 0x7ff;
  private static final int STATX_BYTES = 256;
  private static final int STATFS_BYTES = 120;

  /** {@code linux/magic.h}: the file system of unnamed pipes. */
  private static final long PIPEFS_MAGIC = 0x50495045;

  private static final int FIFO = 1;
  private static final int CHARACTER_DEVICE = 2;
  private static final int DIRECTORY = 4;
  private static final int BLOCK_DEVICE = 6;
  private static final int REGULAR = 8;
  private static final int SOCKET = 12;

  /** {@code /dev/null} has the major number 1 and the minor number 3 ({@code null(4)}). */
  private static final long NULL_DEVICE = 1L << 32 | 3;

  /**
   * Returns the caller's three streams, in order.
   *
   * @throws Failure when one of them is a directory
   */
  public static List<CallersStream> all(SystemCalls calls) {
    return IntStream.rangeClosed(0, 2).mapToObj(each -> of(calls, each)).toList();
  }

  static CallersStream of(SystemCalls calls, int descriptor) {
    try (NativeMemory memory = NativeMemory.ofSize(calls, STATX_BYTES + 1)) {
      long result =
          calls.call(
              Syscall.STATX,
              descriptor,
              memory.address() + STATX_BYTES, // an empty path
              AT_EMPTY_PATH,
              STATX_BASIC_STATS,
              memory.address());
      if (result == -Errno.EBADF.number()) {
        return new CallersStream(descriptor, Kind.NOTHING, 0, 0);
      } else if (result < 0) {
        String why = "statx: " + Errno.describe((int) -result);
        throw new Failure("cannot tell what descriptor " + descriptor + " is", why, "");
      }
      ByteBuffer statx =
          ByteBuffer.wrap(memory.read(0, STATX_BYTES)).order(ByteOrder.nativeOrder());
      int type = Short.toUnsignedInt(statx.getShort(28)) >> 12;
      Kind kind = kind(calls, descriptor, type, number(statx, 128));
      return new CallersStream(descriptor, kind, number(statx, 136), statx.getLong(32));
    }
  }

  private static long number(ByteBuffer statx, int major) {
    return (long) statx.getInt(major) << 32 | Integer.toUnsignedLong(statx.getInt(major + 4));
  }

  private static Kind kind(SystemCalls calls, int descriptor, int type, long device) {
    return switch (type) {
      case DIRECTORY ->
          throw new Failure(
              "cannot run with a directory as descriptor " + descriptor,
              "a build could leave its sandbox through it",
              "give it something else: "
                  + descriptor
                  + (descriptor == 0 ? "<" : ">")
                  + "/dev/null");
      case REGULAR, BLOCK_DEVICE -> Kind.FILE;
      case SOCKET -> Kind.CHANNEL;
      case FIFO -> isUnnamed(calls, descriptor) ? Kind.CHANNEL : Kind.OTHER;
      case CHARACTER_DEVICE -> {
        boolean terminal = new Terminal(calls, descriptor).modes().isPresent();
        yield terminal ? Kind.TERMINAL : device == NULL_DEVICE ? Kind.NOTHING : Kind.OTHER;
      }
      default -> Kind.OTHER;
    };
  }

  private static boolean isUnnamed(SystemCalls calls, int pipe) {
    try (NativeMemory statfs = NativeMemory.ofSize(calls, STATFS_BYTES)) {
      return calls.call(Syscall.FSTATFS, pipe, statfs.address()) == 0
          && ByteBuffer.wrap(statfs.read(0, 8)).order(ByteOrder.nativeOrder()).getLong()
              == PIPEFS_MAGIC;
    }
  }

  /** Decides whether both are of the same file, through whichever descriptors. */
  boolean isSameFile(CallersStream other) {
    return device == other.device && inode == other.inode;
  }

  /** Returns a stream that has nothing in the place of this. */
  public CallersStream withoutInput() {
    return new CallersStream(descriptor, Kind.NOTHING, 0, 0);
  }

  /**
   * Returns the stream with a copy in the place of a pipe or a socket: a process that the program
   * shares it with could set its flags, or get descriptors from the other end of a socket.
   */
  public CallersStream withoutChannel() {
    return kind == Kind.CHANNEL ? new CallersStream(descriptor, Kind.OTHER, device, inode) : this;
  }

  /** Returns the stream as it is without pseudoterminals: a terminal is a device like others. */
  CallersStream withoutTerminal() {
    return kind == Kind.TERMINAL ? new CallersStream(descriptor, Kind.OTHER, device, inode) : this;
  }
}
