package nixbuildshell.enter;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.console.ShellWord;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Owner;
import nixbuildshell.files.Status;
import nixbuildshell.nix.Accounts.BuildUsers;
import nixbuildshell.nix.BuildUserLock;
import nixbuildshell.nix.Caller;
import nixbuildshell.sandbox.Identity;
import nixbuildshell.sandbox.StoreView;

/**
 * Describes the user that the sandbox runs as on the host. It is the caller, or for root a build
 * user that real builds cannot have meanwhile ({@link BuildUserRange} with {@code uid-range}).
 *
 * @param lock keeps real builds from being the same user
 */
record BuildUser(Identity identity, BuildUserLock lock) implements AutoCloseable {
  /** The id of a group without members; Nix's own sandbox calls it nogroup too. */
  private static final long NOGROUP = 65534;

  /**
   * Chooses the user for a new copy of a kept directory.
   *
   * @param kept the status of the build directory, of which the owner comes first
   * @throws Failure when there is none
   */
  static BuildUser choose(Caller caller, FileSystem files, Status kept) {
    if (!caller.isRoot()) {
      return itself(caller);
    }
    long owner = kept.uid();
    Optional<BuildUsers> users = caller.accounts().buildUsers();
    List<Long> candidates = new ArrayList<>(users.map(BuildUsers::uids).orElse(List.of()));
    if (candidates.remove(owner)) {
      candidates.add(0, owner);
    } else if (owner != 0) {
      return stranger(caller, owner);
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
                    "cannot lock a build user in " + BuildUserLock.USERS,
                    "running builds use all of them",
                    "wait for one to end, or run nix-build-shell as an ordinary user"));
  }

  /**
   * Requires that only root and the owner could have written what root would run as the owner:
   * {@code env-vars} above all.
   *
   * @throws Failure when another user could
   */
  static void requireOwnersAlone(KeptDirectory kept) throws ErrnoException {
    Status directory = kept.build().self().status();
    Optional<Status> envVars = kept.build().find(ByteString.of("env-vars"));
    if (isShared(directory)) {
      throw shared(kept.path(), String.format("it has mode %04o", directory.mode()), kept.path());
    } else if (envVars.filter(BuildUser::isShared).isPresent()) {
      ByteString file = kept.path().plus("/env-vars");
      throw shared(
          kept.path(), String.format("its env-vars has mode %04o", envVars.get().mode()), file);
    } else if (envVars.filter(it -> it.uid() != 0 && it.uid() != directory.uid()).isPresent()) {
      throw new Failure(
          "cannot enter " + kept.path() + " as root",
          "it belongs to user "
              + directory.uid()
              + ", and its env-vars to user "
              + envVars.get().uid()
              + ", whose commands would run as the former",
          "run nix-build-shell as an ordinary user");
    }
  }

  /** Decides whether group or others may write; with an ACL, the group's bits are its mask. */
  private static boolean isShared(Status status) {
    boolean written = status.type() == FileType.DIRECTORY || status.type() == FileType.REGULAR;
    return written && (status.mode() & 022) != 0;
  }

  private static Failure shared(ByteString directory, String why, ByteString what) {
    return new Failure(
        "cannot enter " + directory + " as root",
        why + ": other users may have written the commands that would run as its owner",
        "run nix-build-shell as an ordinary user, or look at it and then: chmod go-w "
            + ShellWord.quote(what));
  }

  /**
   * Returns the user of a session once more: the session's files belong to that user.
   *
   * @param build the status of the session's build directory
   * @throws Failure when it is root, or a build has it now
   */
  static BuildUser again(Caller caller, FileSystem files, Status build) {
    if (!caller.isRoot()) {
      return itself(caller);
    }
    long uid = build.uid();
    if (uid == 0) {
      throw new Failure(
          "cannot come back to the session",
          "its build directory belongs to root, which is never in the sandbox",
          "give it to the owner of the files in it");
    }
    Optional<BuildUsers> users =
        caller.accounts().buildUsers().filter(each -> each.uids().contains(uid));
    return users.isEmpty()
        ? stranger(caller, uid)
        : locked(files, List.of(uid), users.get().gid())
            .orElseThrow(
                () ->
                    new Failure(
                        "cannot come back to the session",
                        "a build that is running now uses user " + uid + ", the owner of its files",
                        "wait for the build to end"));
  }

  /**
   * Returns the user for a sandbox with this view of the store. The roots of builds that are
   * running lie in the store as {@code *.drv.chroot}, closed to all but root and the build users'
   * group (mode 0750, local-derivation-goal.cc). A user that sees the whole store must not be in
   * that group, and need not be: no build's view is whole.
   *
   * @return with the same lock, which need not be closed again
   */
  BuildUser showing(StoreView view) {
    return view instanceof StoreView.Whole && identity.privileged() && !identity.isRange()
        ? new BuildUser(new Identity(identity.outsideUid(), NOGROUP, true), lock)
        : this;
  }

  /** Returns the owner for the files of a session; empty for the caller. */
  Optional<Owner> owner() {
    return identity.owner();
  }

  /**
   * Decides whether the user could write to the real file of a store path. A {@code uid-range} has
   * its own root, which can make the mount of its own file writable.
   *
   * @param uid the owner of the store path
   */
  boolean couldWrite(long uid) {
    return identity.isRange() && owner().orElseThrow().has(uid);
  }

  private static BuildUser itself(Caller caller) {
    return new BuildUser(new Identity(caller.uid(), caller.gid(), false), BuildUserLock.NONE);
  }

  /** Returns a user that no build runs as, so that there is nothing to lock. */
  private static BuildUser stranger(Caller caller, long uid) {
    long gid =
        caller
            .accounts()
            .primaryGroup(uid)
            .filter(group -> group != 0)
            .or(() -> Optional.of(NOGROUP).filter(any -> caller.isOfUnprivilegedDaemon(uid)))
            .orElseThrow(
                () ->
                    new Failure(
                        "cannot run as user " + uid + ", the owner of the directory",
                        "/etc/passwd has no group for that user, other than root's",
                        "run nix-build-shell as that user"));
    return new BuildUser(new Identity(uid, gid, true), BuildUserLock.NONE);
  }

  /** Returns the first of these build users that no build has; empty when builds have them all. */
  private static Optional<BuildUser> locked(FileSystem files, List<Long> candidates, long gid) {
    return candidates.stream()
        .flatMap(
            uid ->
                BuildUserLock.ofUser(files, uid).stream()
                    .map(lock -> new BuildUser(new Identity(uid, gid, true), lock)))
        .findFirst();
  }

  @Override
  public void close() {
    lock.close();
  }
}
