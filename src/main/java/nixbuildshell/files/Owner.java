package nixbuildshell.files;

/**
 * To whom files are given when root runs the tool: the build user; or a range of users, of whom
 * each keeps what was his.
 *
 * @param uid the user, or the first of the range
 * @param gid the group, or the first of the range
 * @param count how many users and groups
 */
public record Owner(long uid, long gid, int count) {
  /** One user. */
  public Owner(long uid, long gid) {
    this(uid, gid, 1);
  }

  /** Whether this user is it, or one of the range. */
  public boolean has(long user) {
    return user >= uid && user - uid < count;
  }

  /** Who a copy of such a file belongs to. */
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
