package nixbuildshell.sandbox;

import java.util.Optional;
import nixbuildshell.files.Owner;

/**
 * Names the build user, inside and outside, by Nix's {@code sandboxUid} and {@code sandboxGid}
 * (local-derivation-goal.hh): 1000:100, or root of a range of users.
 *
 * <p>The host's root is in no sandbox. Root of a range ({@code uid-range}) keeps all capabilities
 * in its user namespace, as in Nix, and can unmount and remount what the plan has mounted. That
 * reaches nothing of the host:
 *
 * <ul>
 *   <li>The plan unmounts the old root after pivot_root, and below a mount there are only the
 *       skeleton's empty directories. No process, namespace or descriptor leads back out.
 *   <li>The mount of a store path or of a host's file can be made writable. But its owner is
 *       outside of the range, and capabilities apply only to files whose owner and group are mapped
 *       (user_namespaces(7)). Files in the real store that the range owns, left by an unfinished
 *       build, are not shown ({@code BuildUserRange} in room enter).
 *   <li>Making a device takes CAP_MKNOD of the host. Every user may open the devices that are
 *       bound, and root owns them. The kernel's settings in {@code /proc/sys} and {@code /sys}, and
 *       its modules, belong to the host's root.
 *   <li>No account has one of the ids, and a lock keeps Nix from giving them to a build. What root
 *       of the range writes lies in a directory of root with mode 0700, so no user can run a set-id
 *       file of it; Nix's filter refuses to make such a file, too.
 *   <li>A new mount of cgroup2 shows the sandbox's own group and the groups below.
 * </ul>
 *
 * @param outsideUid the host's user behind 1000, or the first of the range
 * @param outsideGid the host's group behind 100, or the first of the range
 * @param privileged whether the tool runs as root on behalf of that user; otherwise it runs as that
 *     user
 * @param count the number of mapped ids: 1 or {@link #RANGE}
 */
public record Identity(long outsideUid, long outsideGid, boolean privileged, int count) {
  /** The number of users and groups of a build with {@code uid-range}: Nix's maxIdsPerBuild. */
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

  /** Names one user. */
  public Identity(long outsideUid, long outsideGid, boolean privileged) {
    this(outsideUid, outsideGid, privileged, 1);
  }

  /** Names root of the range of users and groups that begins here. */
  public static Identity range(long first) {
    return new Identity(first, first, true, RANGE);
  }

  /** Returns the owner of the sandbox's files when root runs the tool. */
  public Optional<Owner> owner() {
    return privileged ? Optional.of(new Owner(outsideUid, outsideGid, count)) : Optional.empty();
  }

  /** Returns whether the build user is root of a range. */
  public boolean isRange() {
    return count > 1;
  }

  /** Returns the build user's uid, as seen from inside. */
  public int uid() {
    return isRange() ? 0 : UID;
  }

  /** Returns the build user's gid, as seen from inside. */
  public int gid() {
    return isRange() ? 0 : GID;
  }
}
