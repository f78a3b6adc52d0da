package nixbuildshell.capture;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongPredicate;
import nixbuildshell.ByteString;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Listing;
import nixbuildshell.files.NameWatch;
import nixbuildshell.files.NameWatch.Event;
import nixbuildshell.files.NameWatch.Kind;
import nixbuildshell.files.Status;
import nixbuildshell.nix.Caller;
import nixbuildshell.store.BuildLogs;
import nixbuildshell.store.EndOrders;
import nixbuildshell.store.KeptName;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StorePath;

/**
 * Watches how builds end while a front end runs. What it misses, the times of the files have to
 * tell: a log in a folder that Nix has just made, a directory in a place of Lix's below /tmp.
 */
public final class EndWatch implements AutoCloseable {
  private static final long LONGEST_END_MILLISECONDS = 1000;

  private final FileSystem files;
  private final LongPredicate owners;
  private final List<ByteString> places;
  private final ByteString logs;
  private final NameWatch watch;
  private final int root;
  private final Map<Integer, ByteString> kept = new HashMap<>();
  private final Map<Integer, ByteString> folders = new HashMap<>();
  private final EndOrders orders = new EndOrders();
  private final Thread reader = new Thread(this::read, "ends of builds");
  private volatile boolean ending;

  private EndWatch(
      FileSystem files,
      LongPredicate owners,
      List<ByteString> places,
      ByteString logs,
      NameWatch watch,
      int root) {
    this.files = files;
    this.owners = owners;
    this.places = places;
    this.logs = logs;
    this.watch = watch;
    this.root = root;
  }

  /**
   * Begins to watch the places of kept directories, and the folders of build logs.
   *
   * @return empty where the kernel allows no watch, or where there are no logs yet
   */
  public static Optional<EndWatch> begin(Caller caller, FileSystem files, NixStore store) {
    return begin(
        files,
        caller.buildOwners(),
        new KeptDirectories(caller, files, store).places(),
        ByteString.of(BuildLogs.of(store).directory().toString()));
  }

  static Optional<EndWatch> begin(
      FileSystem files, LongPredicate owners, List<ByteString> places, ByteString logs) {
    try {
      NameWatch watch = files.watch();
      try {
        int root = watch.add(logs, Kind.MADE);
        EndWatch begun = new EndWatch(files, owners, places, logs, watch, root);
        begun.reader.setDaemon(true);
        begun.reader.start();
        return Optional.of(begun);
      } catch (ErrnoException e) {
        watch.close();
        return Optional.empty();
      }
    } catch (ErrnoException e) {
      return Optional.empty();
    }
  }

  /** Returns what was seen until {@link #close}. */
  public EndOrders orders() {
    return reader.isAlive() ? new EndOrders() : orders;
  }

  private void read() {
    try {
      addFolders();
      places.forEach(this::addPlace); // Last, so that the log of each directory is seen.
      boolean more = true;
      while (more) {
        for (Event event : watch.next()) {
          more &= take(event);
        }
      }
    } catch (ErrnoException e) {
      orders.forget();
    }
  }

  private void addPlace(ByteString place) {
    try (Directory directory = files.openDirectory(place)) {
      ByteString path = directory.place().path();
      kept.put(watch.add(path, Kind.MADE, Kind.CHANGED), path);
    } catch (ErrnoException e) {
      // The place is missing, or the caller may not list it.
    }
  }

  /** Adds the folders. The watch of their parent has begun, so none is missed. */
  private void addFolders() throws ErrnoException {
    try (Directory directory = files.openDirectory(logs)) {
      for (ByteString folder : Listing.names(directory)) {
        if (ending) {
          return;
        }
        addFolder(folder);
      }
    }
  }

  private void addFolder(ByteString folder) {
    ByteString path = new ByteString(logs.latin1() + "/" + folder.latin1());
    try {
      folders.put(watch.add(path, Kind.OPENED, Kind.WRITTEN), folder);
    } catch (ErrnoException e) {
      // The user's watches are at their limit, or it is no folder: its logs tell nothing.
      orders.missed();
    }
  }

  /** Takes an event; false when the watch ends. */
  private boolean take(Event event) {
    int directory = event.directory();
    switch (event.kind()) {
      case MADE -> made(directory, event.name());
      case CHANGED ->
          named(directory, event.name()).ifPresent(path -> orders.changed(path, Instant.now()));
      case OPENED -> logged(directory, event.name()).ifPresent(orders::opened);
      case WRITTEN -> logged(directory, event.name()).ifPresent(orders::closed);
      case LOST -> orders.forget();
      case REMOVED -> {
        return directory != root;
      }
    }
    return true;
  }

  private void made(int directory, ByteString name) {
    if (directory == root) {
      orders.missed(); // Nix may have opened a log in it before it is watched.
      addFolder(name);
    } else {
      named(directory, name).ifPresent(orders::made);
      if (KeptName.of(name).isPresent() && !isOfNix(kept.get(directory), name)) {
        orders.missed();
      }
    }
  }

  /** Decides by the owner: an attacker can make such names in /tmp, between two of Nix's own. */
  private boolean isOfNix(ByteString place, ByteString name) {
    try (Directory directory = files.openDirectory(place)) {
      Status status = directory.status(name);
      return status.type() == FileType.DIRECTORY && owners.test(status.uid());
    } catch (ErrnoException e) {
      return false; // It is gone.
    }
  }

  /** Returns the derivation whose log has this name in a folder. */
  private Optional<StorePath> logged(int directory, ByteString name) {
    return Optional.ofNullable(folders.get(directory))
        .flatMap(folder -> BuildLogs.derivationOf(folder.latin1() + name.latin1()));
  }

  /** Returns the path of what has a kept directory's name. */
  private Optional<ByteString> named(int directory, ByteString name) {
    return Optional.ofNullable(kept.get(directory))
        .filter(place -> KeptName.of(name).isPresent())
        .map(place -> new ByteString(place.latin1() + "/" + name.latin1()));
  }

  /**
   * Ends the watch, after what has happened until now. While a thread is in a system call, the JVM
   * waits 300 ms before it ends (HotSpot's {@code VM_Exit}), so the reader ends first.
   */
  @Override
  public void close() {
    ending = true;
    try {
      watch.remove(root);
    } catch (ErrnoException e) {
      // The folder of logs was removed, and the reader has ended.
    }
    try {
      reader.join(LONGEST_END_MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!reader.isAlive()) {
      watch.close();
    }
  }
}
