package nixbuildshell.store;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.Status;

/** Looks at store paths on the host, at each of them once: a build can have thousands of inputs. */
public final class StoreEntries {
  private final FileSystem files;
  private final NixStore store;
  private final Map<StorePath, Status> known = new HashMap<>();

  public StoreEntries(FileSystem files, NixStore store) {
    this.files = files;
    this.store = store;
  }

  NixStore store() {
    return store;
  }

  /** Opens the directory where the store's files are. */
  public Directory open() throws ErrnoException {
    return files.openDirectory(ByteString.of(store.real()));
  }

  /**
   * Returns what a store path is.
   *
   * @param real what {@link #open} has opened
   */
  Status status(Directory real, StorePath path) throws ErrnoException {
    Status status = known.get(path);
    if (status == null) {
      status = real.status(new ByteString(path.baseName()));
      known.put(path, status);
    }
    return status;
  }

  /** Returns the same; empty when the store path is not there. */
  public Optional<Status> find(Directory real, StorePath path) throws ErrnoException {
    try {
      return Optional.of(status(real, path));
    } catch (ErrnoException e) {
      if (e.missing()) {
        return Optional.empty();
      }
      throw e;
    }
  }
}
