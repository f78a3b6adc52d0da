package nixbuildshell.files;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.SystemCalls;

/**
 * Holds a thread's scratch memory for arguments of system calls: two names, a structure, a buffer.
 * The next call overwrites it. It is never unmapped, because few threads make such calls.
 */
final class Memory {
  /** Bytes in the {@link #buffer}. */
  static final int BUFFER = 1 << 18;

  /** More bytes than PATH_MAX (4096), so that the kernel says that a path is too long. */
  private static final int NAME = 8192;

  private static final int STRUCT = 4096;
  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x22;

  private static final int SIZE = 2 * NAME + STRUCT + BUFFER;

  private final long start;
  private final ByteBuffer bytes;
  private final LongBuffer structWords;

  Memory(SystemCalls calls) {
    start =
        calls.must(
            "cannot allocate memory",
            Syscall.MMAP,
            0,
            SIZE,
            PROT_READ_WRITE,
            MAP_PRIVATE_ANONYMOUS,
            -1,
            0);
    bytes = calls.kernel().memory(start, SIZE);
    structWords = bytes.slice(2 * NAME, STRUCT).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
  }

  /** Writes a C string, and returns its address. */
  long name(ByteString name) throws ErrnoException {
    return string(start, name);
  }

  /** Writes another C string, for calls that take two, and returns its address. */
  long secondName(ByteString name) throws ErrnoException {
    return string(start + NAME, name);
  }

  private long string(long address, ByteString text) throws ErrnoException {
    if (text.length() >= NAME) {
      throw new ErrnoException(Syscall.OPENAT, Errno.ENAMETOOLONG);
    }
    if (text.latin1().indexOf('\0') >= 0) {
      // The kernel would read only the part before the NUL.
      throw new ErrnoException(Syscall.OPENAT, Errno.EINVAL);
    }
    write(address, text.bytes());
    bytes.put((int) (address - start) + text.length(), (byte) 0);
    return address;
  }

  /** Returns the address of a structure of at most 4096 bytes. */
  long struct() {
    return start + 2 * NAME;
  }

  long struct(byte[] content) {
    write(struct(), content);
    return struct();
  }

  long struct(long[] words) {
    structWords.put(0, words);
    return struct();
  }

  long[] readStruct(int words) {
    long[] copy = new long[words];
    structWords.get(0, copy);
    return copy;
  }

  long buffer() {
    return start + 2 * NAME + STRUCT;
  }

  byte[] read(long address, int length) {
    byte[] copy = new byte[length];
    bytes.get((int) (address - start), copy);
    return copy;
  }

  void write(long address, byte[] content) {
    write(address, content, 0, content.length);
  }

  void write(long address, byte[] content, int from, int length) {
    bytes.put((int) (address - start), content, from, length);
  }
}
