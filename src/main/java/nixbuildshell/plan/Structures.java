package nixbuildshell.plan;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import nixbuildshell.ByteString;

/** Structures that system calls take, equal on both architectures. */
final class Structures {
  private static final int IFF_UP = 0x1;
  private static final int IFF_LOOPBACK = 0x8;
  private static final int IFF_RUNNING = 0x40;

  private Structures() {}

  /**
   * {@code struct ifreq} (netdevice(7)) that switches {@code lo} on: a name of 16 bytes, the flags.
   */
  static ByteString loopbackUp() {
    ByteBuffer ifreq = ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN);
    ifreq.put("lo".getBytes(StandardCharsets.US_ASCII));
    ifreq.putShort(16, (short) (IFF_UP | IFF_LOOPBACK | IFF_RUNNING));
    return ByteString.of(ifreq.array());
  }

  /** {@code struct mount_attr} (mount_setattr(2)): flags to set and flags to clear. */
  static ByteString mountAttributes(int set, int clear) {
    ByteBuffer attributes = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
    return ByteString.of(attributes.putLong(set).putLong(clear).array());
  }

  /** {@code struct rlimit64} (prlimit(2)); -1 is no limit. */
  static ByteString limit(long soft, long hard) {
    ByteBuffer limit = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    return ByteString.of(limit.putLong(soft).putLong(hard).array());
  }

  /**
   * {@code struct landlock_ruleset_attr} (landlock_create_ruleset(2), ABI 6): no access to files or
   * to the network handled, and the scope LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET.
   */
  static ByteString abstractSocketScope() {
    ByteBuffer attributes = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    return ByteString.of(attributes.putLong(16, 1).array());
  }

  /**
   * The kernel's {@code struct sigaction} for SIG_DFL: all zero, whatever order its fields have.
   */
  static ByteString defaultAction() {
    return ByteString.of(new byte[32]);
  }
}
