package nixbuildshell.files;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * Holds what {@code statx(2)} says of a file. {@code struct statx}, unlike {@code struct stat}, is
 * the same on all architectures.
 *
 * @param mode permissions with set-id and sticky bits (07777)
 * @param size bytes
 * @param blocks allocated, of 512 bytes each
 * @param device the file system, as a number for comparison only
 * @param born empty where the file system knows no births
 * @param mountPoint whether a file system is mounted there; always false before Linux 5.8
 */
public record Status(
    FileType type,
    int mode,
    long uid,
    long gid,
    long links,
    long size,
    long blocks,
    long device,
    long inode,
    Time accessed,
    Time modified,
    Time changed,
    Optional<Time> born,
    boolean mountPoint) {

  /** The bytes of the structure that are used here. */
  static final int BYTES = 144;

  private static final long ATTR_MOUNT_ROOT = 0x2000;

  private static final int STATX_BTIME = 0x800;

  /** STATX_BASIC_STATS and the birth. */
  static final int MASK = 0x7ff | STATX_BTIME;

  /** Holds a time stamp. An {@link java.time.Instant} refuses years that tmpfs allows. */
  public record Time(long seconds, int nanoseconds) implements Comparable<Time> {
    @Override
    public int compareTo(Time other) {
      int order = Long.compare(seconds, other.seconds);
      return order != 0 ? order : Integer.compare(nanoseconds, other.nanoseconds);
    }
  }

  static Status of(byte[] statx) {
    ByteBuffer b = ByteBuffer.wrap(statx).order(ByteOrder.LITTLE_ENDIAN);
    int mode = Short.toUnsignedInt(b.getShort(28));
    return new Status(
        FileType.of(mode >> 12),
        mode & 07777,
        Integer.toUnsignedLong(b.getInt(20)),
        Integer.toUnsignedLong(b.getInt(24)),
        Integer.toUnsignedLong(b.getInt(16)),
        b.getLong(40),
        b.getLong(48),
        (long) b.getInt(136) << 32 | Integer.toUnsignedLong(b.getInt(140)),
        b.getLong(32),
        new Time(b.getLong(64), b.getInt(72)),
        new Time(b.getLong(112), b.getInt(120)),
        new Time(b.getLong(96), b.getInt(104)),
        (b.getInt(0) & STATX_BTIME) != 0
            ? Optional.of(new Time(b.getLong(80), b.getInt(88)))
            : Optional.empty(),
        (b.getLong(8) & ATTR_MOUNT_ROOT) != 0);
  }

  /** Returns the {@code struct timespec[2]} for {@code utimensat(2)}. */
  byte[] times() {
    return ByteBuffer.allocate(32)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(accessed.seconds)
        .putLong(accessed.nanoseconds)
        .putLong(modified.seconds)
        .putLong(modified.nanoseconds)
        .array();
  }

  /** Decides whether both are of the same file. */
  public boolean same(Status other) {
    return device == other.device && inode == other.inode;
  }
}
