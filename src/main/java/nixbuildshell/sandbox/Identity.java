package nixbuildshell.sandbox;

/**
 * Who the builder is, inside and outside, as Nix's {@code sandboxUid} and {@code sandboxGid}
 * (local-derivation-goal.hh) have it: 1000:100, or root of a range of users.
 *
 * <p>The host's root is in no sandbox. Root of a range ({@code uid-range}) has all capabilities in
 * his user namespace and keeps them, as in Nix, so he can unmount and remount what the plan has
 * mounted. That reaches nothing of the host:
 *
 * <ul>
 *   <li>The old root is taken off after pivot_root, and below a mount there are only the skeleton's
 *       empty directories. No process, namespace or descriptor from outside is there to go back by.
 *   <li>A read-only store path or file of the host can be made writable as a mount; its owner is
 *       outside of the range, and capabilities count only for files whose owner and group are
 *       mapped (user_namespaces(7)). Files of the range's own in the real store, which an
 *       unfinished build left, are not shown (cli, {@code RangeBuilder}).
 *   <li>No device can be made, since that takes CAP_MKNOD of the host; the nodes that are bound are
 *       those that everybody may open, and root's. Neither kernel settings in {@code /proc/sys} and
 *       {@code /sys} nor modules: they belong to the host's root.
 *   <li>The ids are nobody's: no account has one, and a lock keeps Nix from giving them to a build.
 *       The session, which takes all that he writes, is in a directory of mode 0700 of root's, so a
 *       set-id file in it is of use to nobody; Nix's filter refuses to make one, too.
 *   <li>A cgroup2 that he mounts shows his own group and what is below it.
 * </ul>
 *
 * @param outsideUid the host's user behind 1000, or the first of the range
 * @param outsideGid the host's group behind 100, or the first of the range
 * @param privileged whether the tool runs as root on behalf of that user; otherwise it runs as that
 *     user
 * @param count how many ids are mapped: 1 or {@link #RANGE}
 */
public record Identity(long outsideUid, long outsideGid, boolean privileged, int count) {
  /** How many users and groups a build with {@code uid-range} has, Nix's maxIdsPerBuild. */
  static final int RANGE = 65536;

  private static final int UID = 1000;
  private static final int GID = 100;

  public Identity {
    if (outsideUid == 0 && privileged) {
      throw new IllegalArgumentException("root is never mapped into the sandbox");
    }
    if (count != 1 && !(count == RANGE && privileged && outsideUid >= RANGE)) {
      throw new IllegalArgumentException("not a range of users: " + count + " from " + outsideUid);
    }
  }

  /** One user. */
  public Identity(long outsideUid, long outsideGid, boolean privileged) {
    this(outsideUid, outsideGid, privileged, 1);
  }

  /** Root of the range of users and groups that begins here. */
  public static Identity range(long first) {
    return new Identity(first, first, true, RANGE);
  }

  /** Whether the builder is root of a range. */
  public boolean isRange() {
    return count > 1;
  }

  /** The builder's user, as seen from inside. */
  public int uid() {
    return isRange() ? 0 : UID;
  }

  /** The builder's group, as seen from inside. */
  public int gid() {
    return isRange() ? 0 : GID;
  }
}
