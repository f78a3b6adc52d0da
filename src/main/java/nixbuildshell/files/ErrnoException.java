package nixbuildshell.files;

import nixbuildshell.Failure;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;

/**
 * A system call on files that failed, for callers that must tell one reason from another. Those
 * that need not make a {@link Failure} of it.
 */
public final class ErrnoException extends Exception {
  private static final long serialVersionUID = 1;

  private final int number;

  ErrnoException(Syscall syscall, int number) {
    super(syscall + ": " + Errno.describe(number), null, false, false);
    this.number = number;
  }

  ErrnoException(Syscall syscall, Errno errno) {
    this(syscall, errno.number());
  }

  /** The errno. */
  public int number() {
    return number;
  }

  /** The errno's name and meaning, without the system call. */
  public String why() {
    return Errno.describe(number);
  }

  public boolean missing() {
    return is(Errno.ENOENT);
  }

  public boolean exists() {
    return is(Errno.EEXIST);
  }

  public boolean denied() {
    return is(Errno.EACCES, Errno.EPERM);
  }

  /** A directory was asked for and something else was there, or a link where none is followed. */
  public boolean notDirectory() {
    return is(Errno.ENOTDIR, Errno.ELOOP);
  }

  /** Something else was asked for and a directory was there. */
  public boolean isDirectory() {
    return is(Errno.EISDIR);
  }

  public boolean notEmpty() {
    return is(Errno.ENOTEMPTY, Errno.EEXIST);
  }

  /** Somebody else holds the lock. */
  public boolean locked() {
    return is(Errno.EAGAIN);
  }

  public boolean tooManyLinks() {
    return is(Errno.EMLINK);
  }

  /** No file can be written on this file system any more: full, over quota, broken, read-only. */
  public boolean cannotWriteOn() {
    return is(Errno.ENOSPC, Errno.EDQUOT, Errno.EIO, Errno.EROFS);
  }

  /** The machine or the process has run out of something: no reason to blame the file. */
  public boolean exhausted() {
    return is(Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM);
  }

  boolean is(Errno... any) {
    for (Errno errno : any) {
      if (errno.number() == number) {
        return true;
      }
    }
    return false;
  }

  /**
   * The failure to show to a person.
   *
   * @param what what could not be done, and on which path
   */
  public Failure failure(String what, String remedy) {
    return new Failure(what, getMessage(), remedy, this);
  }
}
