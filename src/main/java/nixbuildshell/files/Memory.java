package nixbuildshell.files;

import nixbuildshell.ByteString;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.Kernel;
import nixbuildshell.kernel.SystemCalls;

/**
 * One thread's scratch memory for the arguments of a system call: two names, a structure, a buffer.
 * What is in it holds until the thread's next call. It is never unmapped: the threads that make
 * such calls are few.
 */
final class Memory {
  /** Bytes in the {@link #buffer}. */
  static final int BUFFER = 1 << 18;

  /** More than PATH_MAX (4096), so that the kernel is the one to say that a path is too long. */
  private static final int NAME = 8192;

  private static final int STRUCT = 4096;
  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x22;

  private final Kernel kernel;
  private final long start;

  Memory(SystemCalls calls) {
    kernel = calls.kernel();
    start =
        calls.must(
            "cannot allocate memory",
            Syscall.MMAP,
            0,
            2 * NAME + STRUCT + BUFFER,
            PROT_READ_WRITE,
            MAP_PRIVATE_ANONYMOUS,
            -1,
            0);
  }

  /** The address of a C string. */
  long name(ByteString name) throws ErrnoException {
    return string(start, name);
  }

  /** The address of another C string, for calls that take two. */
  long secondName(ByteString name) throws ErrnoException {
    return string(start + NAME, name);
  }

  private long string(long address, ByteString text) throws ErrnoException {
    if (text.length() >= NAME) {
      throw new ErrnoException(Syscall.OPENAT, Errno.ENAMETOOLONG);
    }
    if (text.latin1().indexOf('\0') >= 0) {
      // The kernel would read another name: the one before the NUL.
      throw new ErrnoException(Syscall.OPENAT, Errno.EINVAL);
    }
    kernel.write(address, text.terminated());
    return address;
  }

  /** The address of room for a structure of at most 4096 bytes. */
  long struct() {
    return start + 2 * NAME;
  }

  long struct(byte[] content) {
    kernel.write(struct(), content);
    return struct();
  }

  long buffer() {
    return start + 2 * NAME + STRUCT;
  }

  byte[] read(long address, int length) {
    return kernel.read(address, length);
  }

  void write(long address, byte[] bytes) {
    kernel.write(address, bytes);
  }
}
