package nixbuildshell.store;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
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
  public record Entry(StorePath path, FileType type, long owner) {}

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
   * Looks at a store path.
   *
   * @param real what {@link #open} has opened
   */
  Status status(Directory real, StorePath path) throws ErrnoException {
    Status status = real.status(new ByteString(path.baseName()));
    known.put(path, new Entry(path, status.type(), status.uid()));
    return status;
  }

  /**
   * Returns what some store paths are.
   *
   * @param inputs asked only when some are gone
   * @throws Failure naming all that are gone
   */
  public List<Entry> all(Collection<StorePath> paths, Supplier<StoreInputs> inputs) {
    List<Entry> all = new ArrayList<>();
    List<StorePath> missing = new ArrayList<>();
    try (Directory real = open()) {
      for (StorePath path : paths) {
        find(real, path).ifPresentOrElse(all::add, () -> missing.add(path));
      }
    } catch (ErrnoException e) {
      throw e.failure("cannot look into " + store.real(), "install Nix on this host");
    }
    if (!missing.isEmpty()) {
      throw inputs.get().gone(store, missing);
    }
    return all;
  }

  /** Returns what a store path is, looking only once; empty when it is not there. */
  private Optional<Entry> find(Directory real, StorePath path) throws ErrnoException {
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
