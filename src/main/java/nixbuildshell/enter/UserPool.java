package nixbuildshell.enter;

import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.files.Descriptor;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;

/**
 * A directory of files that Nix locks while it builds as their users (user-lock.cc); when such a
 * build ends, it kills every process that they have. A shared lock keeps Nix's exclusive one away,
 * and lets several sandboxes of one user be open.
 */
record UserPool(FileSystem files, ByteString path) {

  /**
   * Keeps real builds away until it is closed.
   *
   * @param file empty when there is nothing to lock
   */
  record Lock(Optional<Descriptor> file) implements AutoCloseable {
    static final Lock NONE = new Lock(Optional.empty());

    @Override
    public void close() {
      file.ifPresent(Descriptor::close);
    }
  }

  /**
   * Locks one.
   *
   * @param name of the file
   * @param what it stands for, for a message
   * @return empty when a build has it; {@link Lock#NONE} where no Nix has ever built with the pool,
   *     so that nobody can be disturbed
   */
  Optional<Lock> tryLock(String name, String what) {
    try (Directory locks = files.openDirectory(path)) {
      Descriptor file = locks.openOrCreateFile(ByteString.of(name), 0600);
      if (file.tryLockShared()) {
        return Optional.of(new Lock(Optional.of(file)));
      }
      file.close();
      return Optional.empty();
    } catch (ErrnoException e) {
      if (e.missing()) {
        return Optional.of(Lock.NONE);
      }
      throw e.failure("cannot lock " + what + " in " + path, "");
    }
  }
}
