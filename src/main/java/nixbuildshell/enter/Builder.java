package nixbuildshell.enter;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.Owner;
import nixbuildshell.files.Status;
import nixbuildshell.nix.Accounts;
import nixbuildshell.nix.BuildUsers;
import nixbuildshell.nix.Caller;
import nixbuildshell.sandbox.Identity;
import nixbuildshell.sandbox.StoreView;

/**
 * As whom the sandbox runs on the host: the caller, or when that is root, a build user who is kept
 * from real builds meanwhile, or with {@code uid-range} a {@link RangeBuilder}'s.
 */
final class Builder implements AutoCloseable {
  private static final ByteString POOL = ByteString.of("/nix/var/nix/userpool");

  /** No group of anybody's; Nix's own sandbox calls it so too. */
  private static final long NOGROUP = 65534;

  private final Identity identity;
  private final UserPool.Lock lock;

  Builder(Identity identity, UserPool.Lock lock) {
    this.identity = identity;
    this.lock = lock;
  }

  Identity identity() {
    return identity;
  }

  /** To whom the files of a session belong; empty for the caller himself. */
  Optional<Owner> owner() {
    return identity.privileged()
        ? Optional.of(new Owner(identity.outsideUid(), identity.outsideGid(), identity.count()))
        : Optional.empty();
  }

  /**
   * Chooses the builder for a new copy of a kept directory.
   *
   * @param kept the status of the build directory: its owner comes first
   */
  static Builder of(Caller caller, FileSystem files, Status kept) {
    return caller.isRoot() ? chosen(caller, files, kept.uid()) : itself(caller);
  }

  /**
   * The builder of a session once more: its files belong to him, so nobody else will do.
   *
   * @param build the status of the session's build directory
   */
  static Builder again(Caller caller, FileSystem files, Status build) {
    if (!caller.isRoot()) {
      return itself(caller);
    }
    long uid = build.uid();
    if (uid == 0) {
      throw new Failure(
          "cannot come back to the session",
          "its build directory belongs to root, who never is in the sandbox",
          "give it to the user to whom the files in it belong");
    }
    Optional<BuildUsers> users = BuildUsers.read(caller.etc()).filter(u -> u.uids().contains(uid));
    return users.isEmpty()
        ? stranger(caller, uid)
        : locked(files, List.of(uid), users.get().gid())
            .orElseThrow(
                () ->
                    new Failure(
                        "cannot come back to the session",
                        "a build that is running now uses user " + uid + ", whose files it has",
                        "wait for the build to end"));
  }

  /**
   * As whom a sandbox with this view of the store runs. The roots of builds that are running lie in
   * the store as {@code *.drv.chroot}, closed to all but root and the build users' group (mode
   * 0750, local-derivation-goal.cc). Whoever sees the whole store must not be in that group, and
   * need not be: no build's view is whole.
   *
   * @return with the same lock, which need not be closed again
   */
  Builder showing(StoreView view) {
    return view instanceof StoreView.Whole && identity.privileged() && !identity.isRange()
        ? new Builder(new Identity(identity.outsideUid(), NOGROUP, true), lock)
        : this;
  }

  private static Builder itself(Caller caller) {
    return new Builder(new Identity(caller.uid(), caller.gid(), false), UserPool.Lock.NONE);
  }

  private static Builder chosen(Caller caller, FileSystem files, long preferred) {
    Optional<BuildUsers> users = BuildUsers.read(caller.etc());
    List<Long> candidates = new ArrayList<>(users.map(BuildUsers::uids).orElse(List.of()));
    if (candidates.remove(preferred)) {
      candidates.add(0, preferred);
    } else if (preferred != 0) {
      return stranger(caller, preferred);
    }
    if (candidates.isEmpty()) {
      throw new Failure(
          "cannot enter a directory of root's as root",
          users.isEmpty()
              ? "there is no group nixbld with build users to run as"
              : "the group nixbld has no members to run as",
          "run nix-build-shell as an ordinary user");
    }
    return locked(files, candidates, users.orElseThrow().gid())
        .orElseThrow(
            () ->
                new Failure(
                    "cannot lock a build user in " + POOL,
                    "builds that are running now use all of them",
                    "wait for one to end, or run nix-build-shell as an ordinary user"));
  }

  /** Somebody whom no build runs as: nothing is to be locked. */
  private static Builder stranger(Caller caller, long uid) {
    long gid =
        new Accounts(caller.etc())
            .primaryGroup(uid)
            .filter(group -> group != 0)
            .orElseThrow(
                () ->
                    new Failure(
                        "cannot run as user " + uid + ", to whom the directory belongs",
                        "/etc/passwd names no group of his other than root's",
                        "run nix-build-shell as that user"));
    return new Builder(new Identity(uid, gid, true), UserPool.Lock.NONE);
  }

  /** The first of these build users whom no build has; empty when builds have them all. */
  private static Optional<Builder> locked(FileSystem files, List<Long> candidates, long gid) {
    UserPool pool = new UserPool(files, POOL);
    for (long uid : candidates) {
      Optional<UserPool.Lock> lock = pool.tryLock(Long.toString(uid), "a build user");
      if (lock.isPresent()) {
        return Optional.of(new Builder(new Identity(uid, gid, true), lock.get()));
      }
    }
    return Optional.empty();
  }

  @Override
  public void close() {
    lock.close();
  }
}
