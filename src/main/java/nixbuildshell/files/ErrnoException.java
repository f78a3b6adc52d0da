package nixbuildshell.files;

import nixbuildshell.Failure;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.SystemCalls;

/**
 * Tells that the kernel refused a system call. It is checked, because its callers must tell one
 * errno from another, or know what to advise. Those that need neither make a {@link Failure} of it.
 */
public final class ErrnoException extends Exception {
  private static final long serialVersionUID = 1;

  private final String label;
  private final Syscall syscall;
  private final int number;

  private ErrnoException(String label, Syscall syscall, int number) {
    super(syscall + ": " + Errno.describe(number), null, false, false);
    this.label = label;
    this.syscall = syscall;
    this.number = number;
  }

  ErrnoException(Syscall syscall, Errno errno) {
    this("", syscall, errno.number());
  }

  /** Returns a system call's result, unless it is {@code -errno}. */
  static long check(Syscall syscall, long result) throws ErrnoException {
    return check("", syscall, result);
  }

  /**
   * Returns a system call's result, unless it is {@code -errno}.
   *
   * @param label says what the call is for, to stand after "cannot" in a message
   */
  public static long check(String label, Syscall syscall, long result) throws ErrnoException {
    if (result < 0) {
      throw new ErrnoException(label, syscall, (int) -result);
    }
    return result;
  }

  /** Makes a system call and returns its result, as {@link #check} does. */
  public static long check(SystemCalls calls, String label, Syscall syscall, long... arguments)
      throws ErrnoException {
    return check(label, syscall, calls.call(syscall, arguments));
  }

  /** Returns what the call was for; empty where the caller of the method knows. */
  public String label() {
    return label;
  }

  public Syscall syscall() {
    return syscall;
  }

  /** Returns the errno. */
  public int number() {
    return number;
  }

  /** Returns the errno's name and meaning, without the system call. */
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

  /** Decides whether a directory was wanted, and something else was there, or a link. */
  public boolean notDirectory() {
    return is(Errno.ENOTDIR, Errno.ELOOP);
  }

  /**
   * Decides whether the file system takes no file any more: full, over quota, broken, read-only.
   */
  boolean cannotWriteOn() {
    return is(Errno.ENOSPC, Errno.EDQUOT, Errno.EIO, Errno.EROFS);
  }

  /**
   * Decides whether the host or the process ran out of something, which is not the file's fault.
   */
  boolean is(Errno... any) {
    for (Errno errno : any) {
      if (errno.number() == number) {
        return true;
      }
    }
    return false;
  }

  /**
   * Returns the failure to show to the caller.
   *
   * @param what what could not be done, and on which path
   */
  public Failure failure(String what, String remedy) {
    return new Failure(what, getMessage(), remedy, this);
  }

  /** Returns the failure of a call with a label. */
  public Failure failure(String remedy) {
    return failure("cannot " + label, remedy);
  }
}
