package nixbuildshell.nix;

import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.files.Descriptor;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;

/**
 * Keeps Nix from building as a user until it is closed. When a build ends, Nix kills every process
 * of its build user, and it locks a file while it builds (user-lock.cc). A shared lock keeps Nix's
 * exclusive one away, and lets several sandboxes of one user be open.
 *
 * @param file empty when there is nothing to lock
 */
public record BuildUserLock(Optional<Descriptor> file) implements AutoCloseable {
  /** The directory of a file for each build user. */
  public static final ByteString USERS = ByteString.of("/nix/var/nix/userpool");

  /** The directory of a file for each slot of ids that Nix allots by itself. */
  private static final ByteString SLOTS = ByteString.of("/nix/var/nix/userpool2");

  /** Stands for a user that no build runs as. */
  public static final BuildUserLock NONE = new BuildUserLock(Optional.empty());

  /**
   * Locks a build user.
   *
   * @return empty when a build has the user; {@link #NONE} where no Nix has ever built as one
   */
  public static Optional<BuildUserLock> ofUser(FileSystem files, long uid) {
    return of(files, USERS, Long.toString(uid), "a build user");
  }

  /** Locks a slot of an {@link IdPool}, with the same result. */
  public static Optional<BuildUserLock> ofSlot(FileSystem files, int slot) {
    return of(files, SLOTS, "slot-" + slot, "a range of users");
  }

  private static Optional<BuildUserLock> of(
      FileSystem files, ByteString pool, String name, String what) {
    try (Directory locks = files.openDirectory(pool)) {
      Descriptor file = locks.openOrCreateFile(ByteString.of(name), 0600);
      if (file.tryLockShared()) {
        return Optional.of(new BuildUserLock(Optional.of(file)));
      }
      file.close();
      return Optional.empty();
    } catch (ErrnoException e) {
      if (e.missing()) {
        return Optional.of(NONE);
      }
      throw e.failure("cannot lock " + what + " in " + pool, "");
    }
  }

  @Override
  public void close() {
    file.ifPresent(Descriptor::close);
  }
}
