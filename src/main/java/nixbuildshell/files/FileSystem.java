package nixbuildshell.files;

import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.SystemCalls;

/**
 * Files by descriptor and by names that are bytes, which the JDK's own classes cannot give: they
 * decode names by the locale and open by path. Safe for several threads at once.
 */
public final class FileSystem {
  private final SystemCalls calls;
  private final FileCalls files;

  public FileSystem(SystemCalls calls) {
    this.calls = calls;
    this.files = new FileCalls(calls);
  }

  /** Opens a path as the kernel resolves it, links and all, relative to the working directory. */
  private Descriptor open(ByteString path, int flags) throws ErrnoException {
    long name = files.memory().name(path);
    long all = flags | FileCalls.O_CLOEXEC;
    return new Descriptor(
        files, (int) files.call(Syscall.OPENAT, FileCalls.AT_FDCWD, name, all, 0));
  }

  /**
   * Opens the directory that a path leads to. Links are followed, so only for a path that the
   * person himself gave.
   */
  public Directory openDirectory(ByteString path) throws ErrnoException {
    Descriptor descriptor = open(path, calls.abi().directory() | FileCalls.O_NONBLOCK);
    return new Directory(files, descriptor, Place.root(canonical(descriptor, path)));
  }

  /** Whether something is known to have this path, be it a link that leads nowhere. */
  public boolean has(ByteString path) {
    try {
      files.status(FileCalls.AT_FDCWD, path, FileCalls.AT_SYMLINK_NOFOLLOW);
      return true;
    } catch (ErrnoException e) {
      return false;
    }
  }

  /** What a path leads to, through links; empty when that is nothing or cannot be looked at. */
  public Optional<FileType> typeAt(ByteString path) {
    try {
      return Optional.of(files.status(FileCalls.AT_FDCWD, path, 0).type());
    } catch (ErrnoException e) {
      return Optional.empty();
    }
  }

  /** What a path itself is; the last name, when it is a link, is not followed. */
  public Status statusAt(ByteString path) throws ErrnoException {
    return files.status(FileCalls.AT_FDCWD, path, FileCalls.AT_SYMLINK_NOFOLLOW);
  }

  /** What the link at a path says; empty when there is none. */
  public Optional<ByteString> linkAt(ByteString path) {
    try {
      return Optional.of(files.readLink(FileCalls.AT_FDCWD, path));
    } catch (ErrnoException e) {
      return Optional.empty();
    }
  }

  /** What the kernel calls the opened file, or the path as given where there is no procfs. */
  private ByteString canonical(Descriptor descriptor, ByteString path) {
    try {
      return files.readLink(FileCalls.AT_FDCWD, descriptor.link());
    } catch (ErrnoException e) {
      return path;
    }
  }

  /**
   * Lets no file that this process makes be more than its user's own, and none be less: a mask like
   * 0777 would shut him out of the directories that he has just made.
   */
  public void makeFilesPrivate() {
    calls.call(Syscall.UMASK, 0077);
  }

  /** The effective user id of this process. */
  public long userId() {
    return calls.call(Syscall.GETEUID);
  }
}
