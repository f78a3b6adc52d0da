package nixbuildshell.files;

import nixbuildshell.ByteString;
import nixbuildshell.abi.Abi;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.SystemCalls;

/** Makes the system calls on files: repeats interrupted ones, and throws what fails. */
final class FileCalls {
  static final int AT_FDCWD = -100;
  static final int AT_SYMLINK_NOFOLLOW = 0x100;
  static final int AT_REMOVEDIR = 0x200;
  static final int AT_EMPTY_PATH = 0x1000;

  static final int O_WRONLY = 1;
  static final int O_RDWR = 2;
  static final int O_CREAT = 0x40;
  static final int O_EXCL = 0x80;
  static final int O_NOCTTY = 0x100;
  static final int O_NONBLOCK = 0x800;
  static final int O_NOATIME = 0x40000;
  static final int O_CLOEXEC = 0x80000;
  static final int O_PATH = 0x200000;

  private final SystemCalls calls;
  private final ThreadLocal<Memory> memory;

  FileCalls(SystemCalls calls) {
    this.calls = calls;
    this.memory = ThreadLocal.withInitial(() -> new Memory(calls));
  }

  /** Makes a call, and repeats it when a signal interrupts it. */
  long call(Syscall syscall, long... arguments) throws ErrnoException {
    long result;
    do {
      result = calls.call(syscall, arguments);
    } while (result == -Errno.EINTR.number());
    return ErrnoException.check(syscall, result);
  }

  /**
   * Closes a descriptor, once: after EINTR Linux has closed it, and another thread may have the
   * number.
   */
  void close(int descriptor) throws ErrnoException {
    ErrnoException.check(Syscall.CLOSE, calls.call(Syscall.CLOSE, descriptor));
  }

  /** Returns the scratch memory of the calling thread. */
  Memory memory() {
    return memory.get();
  }

  Abi abi() {
    return calls.abi();
  }

  ByteString readLink(int directory, ByteString name) throws ErrnoException {
    Memory scratch = memory();
    long length =
        call(Syscall.READLINKAT, directory, scratch.name(name), scratch.buffer(), Memory.BUFFER);
    return ByteString.of(scratch.read(scratch.buffer(), (int) length));
  }

  Status status(int directory, ByteString name, int flags) throws ErrnoException {
    Memory scratch = memory();
    call(Syscall.STATX, directory, scratch.name(name), flags, Status.MASK, scratch.struct());
    return Status.of(scratch.readStruct(Status.WORDS));
  }
}
