package nixbuildshell.files;

/**
 * Names the build user that gets files when root runs the tool; or a range of users, in which each
 * file keeps its user.
 *
 * @param uid the user, or the first of the range
 * @param gid the group, or the first of the range
 * @param count how many users and groups
 */
public record Owner(long uid, long gid, int count) {
  /** Names one user. */
  public Owner(long uid, long gid) {
    this(uid, gid, 1);
  }

  /** Decides whether a user is this one, or in the range. */
  public boolean has(long user) {
    return user >= uid && user - uid < count;
  }

  /** Returns the user that gets the copy of a file. */
  long userOf(Status file) {
    return has(file.uid()) ? file.uid() : uid;
  }

  long groupOf(Status file) {
    return file.gid() >= gid && file.gid() - gid < count ? file.gid() : gid;
  }

  public boolean isRange() {
    return count > 1;
  }
}
