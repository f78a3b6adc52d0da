package nixbuildshell.sandbox;

/**
 * Who the builder is, inside and outside. Inside it is always 1000:100, as Nix's {@code sandboxUid}
 * and {@code sandboxGid} (local-derivation-goal.cc).
 *
 * @param outsideUid the host's user behind 1000
 * @param outsideGid the host's group behind 100
 * @param privileged whether the tool runs as root on behalf of that user; otherwise it runs as that
 *     user
 */
public record Identity(long outsideUid, long outsideGid, boolean privileged) {
  public static final int UID = 1000;
  public static final int GID = 100;

  public Identity {
    if (outsideUid == 0 && privileged) {
      throw new IllegalArgumentException("root is never mapped into the sandbox");
    }
  }
}
