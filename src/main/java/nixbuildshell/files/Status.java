package nixbuildshell.files;

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

  /** The words of the structure that are used here. */
  static final int WORDS = 18;

  private static final long ATTR_MOUNT_ROOT = 0x2000;

  private static final int STATX_BTIME = 0x800;
  private static final long LOW = 0xFFFF_FFFFL;

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

  /**
   * Returns the status in a {@code struct statx}.
   *
   * @param w its words; each access to a buffer would take long before the JVM has compiled it
   */
  static Status of(long[] w) {
    int mode = (int) (w[3] >>> 32) & 0xFFFF;
    return new Status(
        FileType.of(mode >> 12),
        mode & 07777,
        w[2] >>> 32,
        w[3] & LOW,
        w[2] & LOW,
        w[5],
        w[6],
        w[17] << 32 | w[17] >>> 32,
        w[4],
        new Time(w[8], (int) w[9]),
        new Time(w[14], (int) w[15]),
        new Time(w[12], (int) w[13]),
        (w[0] & STATX_BTIME) != 0 ? Optional.of(new Time(w[10], (int) w[11])) : Optional.empty(),
        (w[1] & ATTR_MOUNT_ROOT) != 0);
  }

  /** Returns the {@code struct timespec[2]} for {@code utimensat(2)}. */
  long[] times() {
    return new long[] {
      accessed.seconds, accessed.nanoseconds, modified.seconds, modified.nanoseconds
    };
  }

  /** Decides whether both are of the same file. */
  public boolean same(Status other) {
    return device == other.device && inode == other.inode;
  }
}
