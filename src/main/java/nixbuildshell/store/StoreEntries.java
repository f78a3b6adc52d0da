package nixbuildshell.store;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Status;

/** Looks at store paths on the host, at each of them once: a build can have thousands of inputs. */
public final class StoreEntries {
  private final FileSystem files;
  private final NixStore store;
  private final Map<StorePath, Entry> known = new HashMap<>();

  /** Describes a store path by its type and its owner's uid. */
  public record Entry(FileType type, long owner) {}

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

  /** Takes what an earlier run has seen, where nothing can have changed since. */
  void know(StorePath path, Entry entry) {
    known.put(path, entry);
  }

  /**
   * Looks at a store path.
   *
   * @param real what {@link #open} has opened
   */
  Status status(Directory real, StorePath path) throws ErrnoException {
    Status status = real.status(new ByteString(path.baseName()));
    know(path, new Entry(status.type(), status.uid()));
    return status;
  }

  /** Returns what a store path is, looking only once; empty when it is not there. */
  public Optional<Entry> find(Directory real, StorePath path) throws ErrnoException {
    try {
      if (!known.containsKey(path)) {
        status(real, path);
      }
      return Optional.of(known.get(path));
    } catch (ErrnoException e) {
      if (e.missing()) {
        return Optional.empty();
      }
      throw e;
    }
  }
}
