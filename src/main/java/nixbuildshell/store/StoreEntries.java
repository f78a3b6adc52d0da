package nixbuildshell.store;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.Directory;
import nixbuildshell.files.EntryList;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Listing;
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
   * Looks at a store path.
   *
   * @param real what {@link #open} has opened
   */
  Status status(Directory real, StorePath path) throws ErrnoException {
    Status status = real.status(new ByteString(path.baseName()));
    known.put(path, status);
    return status;
  }

  /**
   * Returns what some store paths are.
   *
   * @param inputs asked only when some are gone
   * @throws Failure naming all that are gone, or one that is no file that a store has
   */
  public ShownPaths all(Collection<StorePath> paths, Supplier<StoreInputs> inputs) {
    List<Listing.Entry> all = new ArrayList<>();
    Set<Long> owners = new HashSet<>();
    List<StorePath> missing = new ArrayList<>();
    try (Directory real = open()) {
      for (StorePath path : paths) {
        Optional<Status> status = find(real, path);
        if (status.isPresent()) {
          all.add(new Listing.Entry(ByteString.of(path.baseName()), type(path, status.get())));
          owners.add(status.get().uid());
        } else {
          missing.add(path);
        }
      }
    } catch (ErrnoException e) {
      throw e.failure("cannot look into " + store.real(), "install Nix on this host");
    }
    if (!missing.isEmpty()) {
      throw inputs.get().gone(store, missing);
    }
    return new ShownPaths(EntryList.of(all), owners);
  }

  private FileType type(StorePath path, Status status) {
    if (!EntryList.TYPES.contains(status.type())) {
      String whole = store.directory().path(path);
      throw new Failure("cannot show " + whole, "it is " + status.type(), "");
    }
    return status.type();
  }

  /** Returns what a store path is, looking only once; empty when it is not there. */
  private Optional<Status> find(Directory real, StorePath path) throws ErrnoException {
    try {
      return Optional.of(known.containsKey(path) ? known.get(path) : status(real, path));
    } catch (ErrnoException e) {
      if (e.missing()) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Returns one of some entries whose file has an owner; empty when none has. */
  public Optional<StorePath> ownedBy(long owner, EntryList entries) {
    try (Directory real = open()) {
      for (ByteString name : entries.names()) {
        StorePath path = new StorePath(name.latin1());
        if (find(real, path).filter(status -> status.uid() == owner).isPresent()) {
          return Optional.of(path);
        }
      }
      return Optional.empty();
    } catch (ErrnoException e) {
      throw e.failure("cannot look into " + store.real(), "install Nix on this host");
    }
  }
}
