package nixbuildshell.plan;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import nixbuildshell.ByteString;
import nixbuildshell.plan.Argument.Data;
import nixbuildshell.plan.Argument.Number;

/** Holds the kernel's constants and structures, which are equal on both architectures. */
final class Constants {
  /** {@code sys/mount.h}. */
  static final Number MS_RDONLY = new Number(1, "MS_RDONLY");

  static final Number MS_NOSUID = new Number(2, "MS_NOSUID");
  static final Number MS_NODEV = new Number(4, "MS_NODEV");
  static final Number MS_NOEXEC = new Number(8, "MS_NOEXEC");
  static final Number MS_REMOUNT = new Number(32, "MS_REMOUNT");
  static final Number MS_BIND = new Number(4096, "MS_BIND");
  static final Number MS_REC = new Number(16384, "MS_REC");
  static final Number MS_PRIVATE = new Number(1 << 18, "MS_PRIVATE");

  /** {@code fcntl.h}: paths are relative to the working directory. */
  static final Number AT_FDCWD = new Number(-100, "AT_FDCWD");

  /** {@code linux/fcntl.h}: the mount and all below it. */
  static final Number AT_RECURSIVE = new Number(0x8000, "AT_RECURSIVE");

  /** {@code sys/stat.h}. */
  static final Number S_IFREG = new Number(0100000, "S_IFREG");

  private static final int MOUNT_ATTR_RDONLY = 1;

  /** {@code struct mount_attr} (mount_setattr(2)): flags to set and flags to clear. */
  static final Data SET_READ_ONLY =
      new Data(words(32, MOUNT_ATTR_RDONLY, 0), "{attr_set=MOUNT_ATTR_RDONLY}");

  /** The same with MOUNT_ATTR_NOSUID and MOUNT_ATTR_NODEV. */
  static final Data SET_HARMLESS =
      new Data(words(32, 1 | 2 | 4, 0), "{attr_set=MOUNT_ATTR_RDONLY|NOSUID|NODEV}");

  static final Data CLEAR_READ_ONLY =
      new Data(words(32, 0, MOUNT_ATTR_RDONLY), "{attr_clr=MOUNT_ATTR_RDONLY}");

  /** {@code struct rlimit64} (prlimit(2)): the soft and the hard limit; -1 is none. */
  static final Data NO_SOFT_LIMIT_ABOVE_ZERO = new Data(words(16, 0, -1), "{0, RLIM64_INFINITY}");

  /**
   * {@code struct landlock_ruleset_attr} (landlock_create_ruleset(2), ABI 6): it handles no access
   * to files or to the network, and has one scope.
   */
  static final Data ABSTRACT_SOCKETS =
      new Data(words(24, 0, 0, 1), "{scoped=LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET}");

  /** The kernel's {@code struct sigaction}: all of its fields are zero. */
  static final Data DEFAULT_ACTION = new Data(words(32), "{SIG_DFL}");

  static final Data NO_SIGNALS = new Data(words(8), "[]");

  /** {@code struct ifreq} (netdevice(7)): a name of 16 bytes, "lo", and the flags. */
  static final Data LOOPBACK_UP =
      new Data(words(40, 'o' << 8 | 'l', 0, 0x49), "{\"lo\", IFF_UP|IFF_LOOPBACK|IFF_RUNNING}");

  private Constants() {}

  private static ByteString words(int bytes, long... words) {
    ByteBuffer structure = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (long word : words) {
      structure.putLong(word);
    }
    return ByteString.of(structure.array());
  }
}
