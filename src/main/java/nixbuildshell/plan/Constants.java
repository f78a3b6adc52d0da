package nixbuildshell.plan;

import nixbuildshell.plan.Argument.Number;

/**
 * Constants of the kernel's interface, equal on both architectures, and the name of the new root.
 */
final class Constants {
  /** {@code sys/mount.h}. */
  static final int MS_RDONLY = 1;

  static final int MS_NOSUID = 2;
  static final int MS_NODEV = 4;
  static final int MS_REMOUNT = 32;
  static final int MS_NOEXEC = 8;
  static final int MS_BIND = 4096;
  static final int MS_REC = 16384;
  static final int MS_PRIVATE = 1 << 18;

  /** {@code linux/mount.h}. */
  static final int MOUNT_ATTR_RDONLY = 1;

  /** {@code linux/fcntl.h}: the mount and all below it. */
  static final Argument AT_RECURSIVE = new Number(0x8000, "AT_RECURSIVE");

  /** {@code fcntl.h}: paths are relative to the working directory. */
  static final Argument AT_FDCWD = new Number(-100, "AT_FDCWD");

  /** {@code sys/stat.h}. */
  static final int S_IFREG = 0100000;

  /** {@code linux/sockios.h}. */
  static final Argument SIOCSIFFLAGS = new Number(0x8914, "SIOCSIFFLAGS");

  /** {@code linux/prctl.h}. */
  static final Argument PR_SET_PDEATHSIG = new Number(1, "PR_SET_PDEATHSIG");

  static final Argument PR_SET_NO_NEW_PRIVS = new Number(38, "PR_SET_NO_NEW_PRIVS");

  /** {@code linux/seccomp.h}. */
  static final Argument SECCOMP_SET_MODE_FILTER = new Number(1, "SECCOMP_SET_MODE_FILTER");

  /** {@code asm-generic/resource.h}. */
  static final Argument RLIMIT_CORE = new Number(4, "RLIMIT_CORE");

  /** {@code linux/personality.h}. */
  static final int PER_LINUX32 = 0x8;

  static final int UNAME26 = 0x20000;
  static final int ADDR_NO_RANDOMIZE = 0x40000;

  /** The new root before the pivot, in the session's directory. */
  static final String ROOT = "root";

  private Constants() {}

  static Argument flags(String names, int value) {
    return new Number(value, names);
  }
}
