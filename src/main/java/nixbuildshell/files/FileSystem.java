package nixbuildshell.files;

import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.SystemCalls;

/**
 * Opens directories by names that are bytes. The JDK's classes cannot do that: they decode names by
 * the locale and work by path. Several threads may use it.
 */
public final class FileSystem {
  private final SystemCalls calls;
  private final FileCalls files;

  public FileSystem(SystemCalls calls) {
    this.calls = calls;
    this.files = new FileCalls(calls);
  }

  /**
   * Opens the directory that a path leads to, relative to the working directory. Links are
   * followed, so this is only for a path that the caller gave.
   */
  public Directory openDirectory(ByteString path) throws ErrnoException {
    long flags = calls.abi().directory() | FileCalls.O_NONBLOCK | FileCalls.O_CLOEXEC;
    long name = files.memory().name(path);
    long number = files.call(Syscall.OPENAT, FileCalls.AT_FDCWD, name, flags, 0);
    Descriptor opened = new Descriptor(files, (int) number);
    return new Directory(files, opened, Place.root(canonical(opened, path)));
  }

  /** Returns the kernel's path of an open file, or the given path where there is no procfs. */
  private ByteString canonical(Descriptor descriptor, ByteString path) {
    return linkAt(descriptor.link()).orElse(path);
  }

  /** Returns a watch of no directory yet. */
  public NameWatch watch() throws ErrnoException {
    long number = files.call(Syscall.INOTIFY_INIT1, FileCalls.O_CLOEXEC);
    return new NameWatch(files, new Descriptor(files, (int) number));
  }

  /** Decides whether a path is known to exist, if only as a link that leads nowhere. */
  public boolean has(ByteString path) {
    try {
      return statusAt(path) != null;
    } catch (ErrnoException e) {
      return false;
    }
  }

  /** Returns the type of what a path leads to, through links; empty when that is not known. */
  public Optional<FileType> typeAt(ByteString path) {
    try {
      return Optional.of(files.status(FileCalls.AT_FDCWD, path, 0).type());
    } catch (ErrnoException e) {
      return Optional.empty();
    }
  }

  /** Returns the status of a path, or of the link that its last name is. */
  public Status statusAt(ByteString path) throws ErrnoException {
    return files.status(FileCalls.AT_FDCWD, path, FileCalls.AT_SYMLINK_NOFOLLOW);
  }

  /** Returns the target of the link at a path; empty when there is no link. */
  public Optional<ByteString> linkAt(ByteString path) {
    try {
      return Optional.of(files.readLink(FileCalls.AT_FDCWD, path));
    } catch (ErrnoException e) {
      return Optional.empty();
    }
  }

  /**
   * Sets the process's umask to 0077: its files are the user's alone, and not less. A mask like
   * 0777 would shut the user out of new directories.
   */
  public void makeFilesPrivate() {
    calls.call(Syscall.UMASK, 0077);
  }

  /** Returns the effective user id of this process. */
  public long userId() {
    return calls.call(Syscall.GETEUID);
  }
}
