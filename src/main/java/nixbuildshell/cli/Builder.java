package nixbuildshell.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.linux.Descriptor;
import nixbuildshell.linux.Directory;
import nixbuildshell.linux.ErrnoException;
import nixbuildshell.linux.FileSystem;
import nixbuildshell.linux.Status;
import nixbuildshell.nix.BuildUsers;
import nixbuildshell.sandbox.Identity;
import nixbuildshell.session.Owner;

/**
 * As whom the sandbox runs on the host: the caller, or when that is root, a build user who is kept
 * from real builds meanwhile.
 *
 * <p>Nix locks a build user's file in its user pool, and when a build of his ends it kills every
 * process that he has (user-lock.cc). A shared lock keeps Nix's exclusive one away and lets several
 * sandboxes of one user be open.
 */
final class Builder implements AutoCloseable {
  private static final ByteString POOL = ByteString.of("/nix/var/nix/userpool");

  private final Identity identity;
  private final Optional<Descriptor> lock;

  private Builder(Identity identity, Optional<Descriptor> lock) {
    this.identity = identity;
    this.lock = lock;
  }

  Identity identity() {
    return identity;
  }

  /** To whom the files of a session belong; empty for the caller himself. */
  Optional<Owner> owner() {
    return identity.privileged()
        ? Optional.of(new Owner(identity.outsideUid(), identity.outsideGid()))
        : Optional.empty();
  }

  /**
   * Chooses the builder for a kept directory.
   *
   * @param kept the status of the build directory: its owner comes first
   */
  static Builder of(FileSystem files, Status kept) {
    if (files.userId() != 0) {
      return new Builder(new Identity(files.userId(), files.groupId(), false), Optional.empty());
    }
    Optional<BuildUsers> users = BuildUsers.read(Path.of("/etc"));
    boolean stranger =
        kept.uid() != 0 && users.stream().noneMatch(u -> u.uids().contains(kept.uid()));
    if (stranger) {
      long gid = kept.gid() == 0 ? kept.uid() : kept.gid();
      return new Builder(new Identity(kept.uid(), gid, true), Optional.empty());
    }
    return fromPool(
        files,
        kept.uid(),
        users.orElseThrow(
            () ->
                new Failure(
                    "cannot enter a directory of root's as root",
                    "there is no group nixbld with build users to run as",
                    "run nix-build-shell as an ordinary user")));
  }

  private static Builder fromPool(FileSystem files, long preferred, BuildUsers users) {
    List<Long> candidates = new ArrayList<>(users.uids());
    if (candidates.remove(preferred)) {
      candidates.add(0, preferred);
    }
    try (Directory pool = files.openDirectory(POOL)) {
      for (long uid : candidates) {
        Descriptor lock = pool.openOrCreateFile(ByteString.of(Long.toString(uid)), 0600);
        if (lock.tryLockShared()) {
          return new Builder(new Identity(uid, users.gid(), true), Optional.of(lock));
        }
        lock.close();
      }
    } catch (ErrnoException e) {
      if (e.missing() && !candidates.isEmpty()) {
        // No Nix has ever built as these users here, so none can be disturbed.
        return new Builder(new Identity(candidates.get(0), users.gid(), true), Optional.empty());
      }
      throw e.failure("cannot lock a build user in " + POOL, "");
    }
    throw new Failure(
        "cannot lock a build user in " + POOL,
        "builds that are running now use all of them",
        "wait for one to end, or run nix-build-shell as an ordinary user");
  }

  @Override
  public void close() {
    lock.ifPresent(Descriptor::close);
  }
}
