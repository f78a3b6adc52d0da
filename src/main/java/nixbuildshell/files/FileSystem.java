package nixbuildshell.files;

import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Abi;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.SystemCalls;

/**
 * Files by descriptor and by names that are bytes, which the JDK's own classes cannot give: they
 * decode names by the locale and open by path. Safe for several threads at once.
 */
public final class FileSystem {
  static final int AT_FDCWD = -100;
  static final int AT_SYMLINK_NOFOLLOW = 0x100;
  static final int AT_REMOVEDIR = 0x200;
  static final int AT_EMPTY_PATH = 0x1000;

  static final int O_WRONLY = 1;
  static final int O_RDWR = 2;
  static final int O_CREAT = 0x40;
  static final int O_EXCL = 0x80;
  static final int O_NONBLOCK = 0x800;
  static final int O_NOATIME = 0x40000;
  static final int O_CLOEXEC = 0x80000;
  static final int O_PATH = 0x200000;

  private final SystemCalls calls;
  private final ThreadLocal<Memory> memory;

  public FileSystem(SystemCalls calls) {
    this.calls = calls;
    this.memory = ThreadLocal.withInitial(() -> new Memory(calls));
  }

  /** Makes the call, again when a signal interrupts it. */
  long call(Syscall syscall, long... arguments) throws ErrnoException {
    long result;
    do {
      result = calls.call(syscall, arguments);
    } while (result == -Errno.EINTR.number());
    return checked(syscall, result);
  }

  /** Not again after EINTR: Linux has closed the descriptor, and another thread may have it now. */
  void close(int descriptor) throws ErrnoException {
    checked(Syscall.CLOSE, calls.call(Syscall.CLOSE, descriptor));
  }

  private static long checked(Syscall syscall, long result) throws ErrnoException {
    if (result < 0) {
      throw new ErrnoException(syscall, (int) -result);
    }
    return result;
  }

  Memory memory() {
    return memory.get();
  }

  Abi abi() {
    return calls.abi();
  }

  /** Opens a path as the kernel resolves it, links and all, relative to the working directory. */
  Descriptor open(ByteString path, int flags) throws ErrnoException {
    return new Descriptor(
        this, (int) call(Syscall.OPENAT, AT_FDCWD, memory().name(path), flags | O_CLOEXEC, 0));
  }

  /**
   * Opens the directory that a path leads to. Links are followed, so only for a path that the
   * person himself gave.
   */
  public Directory openDirectory(ByteString path) throws ErrnoException {
    Descriptor descriptor = open(path, calls.abi().directory() | O_NONBLOCK);
    return new Directory(this, descriptor, Place.root(canonical(descriptor, path)));
  }

  /** Opens a directory once more, for a reading position of its own. */
  public Directory reopen(Directory directory) throws ErrnoException {
    Descriptor descriptor =
        new Descriptor(
            this,
            (int)
                call(
                    Syscall.OPENAT,
                    directory.self().number(),
                    memory().name(ByteString.of(".")),
                    calls.abi().directory() | O_CLOEXEC,
                    0));
    return new Directory(this, descriptor, directory.place());
  }

  /** Whether something is known to have this path, be it a link that leads nowhere. */
  public boolean has(ByteString path) {
    try {
      status(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW);
      return true;
    } catch (ErrnoException e) {
      return false;
    }
  }

  /** What a path leads to, through links; empty when that is nothing or cannot be looked at. */
  public Optional<FileType> typeAt(ByteString path) {
    try {
      return Optional.of(status(AT_FDCWD, path, 0).type());
    } catch (ErrnoException e) {
      return Optional.empty();
    }
  }

  /** What a path itself is; the last name, when it is a link, is not followed. */
  public Status statusAt(ByteString path) throws ErrnoException {
    return status(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW);
  }

  /** What the link at a path says; empty when there is none. */
  public Optional<ByteString> linkAt(ByteString path) {
    try {
      return Optional.of(readLink(AT_FDCWD, path));
    } catch (ErrnoException e) {
      return Optional.empty();
    }
  }

  /** What the kernel calls the opened file, or the path as given where there is no procfs. */
  private ByteString canonical(Descriptor descriptor, ByteString path) {
    try {
      return readLink(AT_FDCWD, descriptor.link());
    } catch (ErrnoException e) {
      return path;
    }
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
    return Status.of(scratch.read(scratch.struct(), Status.BYTES));
  }

  /**
   * Lets no file that this process makes be more than its user's own, and none be less: a mask like
   * 0777 would shut him out of the directories that he has just made.
   */
  public void makeFilesPrivate() {
    calls.call(Syscall.UMASK, 0077);
  }

  /** The effective group id of this process. */
  public long groupId() {
    return calls.call(Syscall.GETEGID);
  }

  /** The effective user id of this process. */
  public long userId() {
    return calls.call(Syscall.GETEUID);
  }
}
