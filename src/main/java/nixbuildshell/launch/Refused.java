package nixbuildshell.launch;

import nixbuildshell.Failure;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;

/**
 * The kernel refused a part of the launch. Checked, because its caller knows the host's settings
 * and can say what to do about it.
 */
public final class Refused extends Exception {
  private static final long serialVersionUID = 1;

  private final String label;
  private final Syscall syscall;
  private final int errno;

  /**
   * @param label what was refused, to stand after "cannot"
   */
  Refused(String label, Syscall syscall, int errno) {
    super("cannot " + label + ": " + syscall + ": " + Errno.describe(errno));
    this.label = label;
    this.syscall = syscall;
    this.errno = errno;
  }

  /** Hands a good result on. */
  static long check(String label, Syscall syscall, long result) throws Refused {
    if (result < 0) {
      throw new Refused(label, syscall, (int) -result);
    }
    return result;
  }

  public String label() {
    return label;
  }

  public Syscall syscall() {
    return syscall;
  }

  public int errno() {
    return errno;
  }

  public Failure failure(String remedy) {
    return new Failure("cannot " + label, syscall + ": " + Errno.describe(errno), remedy, this);
  }
}
