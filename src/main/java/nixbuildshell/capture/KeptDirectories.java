package nixbuildshell.capture;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.files.Answers;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileContent;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Listing;
import nixbuildshell.files.Status;
import nixbuildshell.nix.Caller;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.KeptName;
import nixbuildshell.store.KeptTimes;
import nixbuildshell.store.LogText;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.RememberedLogs;
import nixbuildshell.store.StoreDirectory;
import nixbuildshell.store.StorePath;

/**
 * Finds the kept directories that the caller can read, where Nix's settings put them and where Nix
 * usually puts them.
 *
 * <p>In /tmp an attacker can make a directory of such a name, with any ID in it. So a directory
 * counts only where its owner is root, a build user or the caller.
 */
public final class KeptDirectories {
  /** Limits the manifests that are read, the newest first. */
  private static final int MOST = 500;

  private static final int LARGEST_MANIFEST = 4 << 20;

  /**
   * Describes a kept directory.
   *
   * @param path absolute, of the directory that Nix named
   * @param id the manifest's; empty when the manifest is missing, unusable, or too large for a list
   */
  public record Found(ByteString path, Instant changed, Optional<String> id) {
    /** Returns the names for a message: "wttr-0.1-k3f9a2 (/tmp/nix-build-wttr-0.1.drv-0)". */
    @Override
    public String toString() {
      return id.map(text -> text + " (" + path + ")").orElse(path.toString());
    }
  }

  /**
   * Describes a kept directory for a list.
   *
   * @param path absolute, of the directory that Nix named
   * @param owner the uid of the build directory's owner
   * @param readable whether the caller may read the build directory
   * @param manifest as for {@link Found}
   */
  public record Listed(
      ByteString path,
      KeptTimes times,
      long owner,
      boolean readable,
      Optional<Manifest> manifest) {}

  private final FileSystem files;
  private final StoreDirectory store;
  private final List<ByteString> places;
  private final LongPredicate owners;

  /**
   * Returns a finder that compares a directory with all others of this host.
   *
   * @param answers what earlier runs were told
   */
  public static DerivationFinder finder(
      Caller caller, FileSystem files, NixStore store, Answers answers) {
    return new DerivationFinder(
        store,
        () -> new KeptDirectories(caller, files, store).times(),
        answers,
        derivation -> LogText.NONE);
  }

  /**
   * Returns the same finder, which also asks {@code nix-store} for build logs, for each once.
   *
   * @param asking is told of each derivation whose log Nix is about to be asked for
   */
  public static DerivationFinder finder(
      Caller caller,
      FileSystem files,
      NixStore store,
      Answers answers,
      BooleanSupplier cancelled,
      Consumer<StorePath> asking) {
    Map<StorePath, LogText> read = new ConcurrentHashMap<>();
    RememberedLogs logs = new RememberedLogs(store, answers, asking);
    return new DerivationFinder(
        store,
        finder(caller, files, store, answers).directories(),
        answers,
        derivation -> read.computeIfAbsent(derivation, drv -> log(caller, logs, cancelled, drv)));
  }

  private static LogText log(
      Caller caller, RememberedLogs logs, BooleanSupplier cancelled, StorePath derivation) {
    Optional<NixProgram> program = NixProgram.find(caller, "nix-store", cancelled);
    try {
      return program.isPresent() ? logs.read(derivation, program.get()) : LogText.NONE;
    } catch (NixProgram.Unanswered e) {
      return LogText.NONE; // What it says is a courtesy.
    }
  }

  public KeptDirectories(Caller caller, FileSystem files, NixStore nix) {
    this.files = files;
    this.store = nix.directory();
    this.places =
        Stream.of(
                caller.settings().get("build-dir"),
                nix.buildDirectory(),
                Optional.of(ByteString.of(nix.state() + "/builds")),
                Optional.of(ByteString.of(nix.state() + "/b")),
                caller.environment("TMPDIR"),
                Optional.of(ByteString.of("/tmp")))
            .flatMap(Optional::stream)
            .filter(path -> path.startsWith("/"))
            .distinct()
            .toList();
    this.owners = caller.buildOwners();
  }

  /** Returns the places that are searched. */
  List<ByteString> places() {
    return places;
  }

  /** Returns the kept directories, the newest first, each once. */
  public List<Found> newestFirst() {
    return all().stream()
        .filter(Listed::readable)
        .map(
            each ->
                new Found(
                    each.path(), each.times().changed(), each.manifest().flatMap(Manifest::id)))
        .toList();
  }

  /** Returns all kept directories, also those that the caller may not read, the newest first. */
  public List<Listed> all() {
    return since(Instant.MIN);
  }

  /** Returns those of {@link #all} that have changed since a moment; reads no other manifest. */
  public List<Listed> since(Instant moment) {
    List<Listed> all = new ArrayList<>();
    Set<String> seen = new LinkedHashSet<>();
    visit(
        (directory, candidate) ->
            listed(directory, candidate, moment)
                .filter(each -> !each.times().changed().isBefore(moment))
                .filter(each -> seen.add(each.times().identity()))
                .ifPresent(all::add));
    all.sort(Comparator.comparing((Listed each) -> each.times().changed()).reversed());
    return all;
  }

  private Optional<Listed> listed(Directory in, Candidate candidate, Instant moment) {
    // The time of a nested build directory counts only when it is earlier.
    if (KeptDirectory.instant(candidate.status.changed()).isBefore(moment)) {
      return Optional.empty();
    }
    ByteString path = in.place().child(candidate.name).path();
    boolean ofLix = KeptName.of(candidate.name).filter(KeptName::isLix).isPresent();
    try (KeptDirectory kept = KeptDirectory.in(in, candidate.name)) {
      // Without Lix's inner directory, a name of Lix's is any other program's too.
      return kept.isNested() || !ofLix ? Optional.of(listed(path, kept)) : Optional.empty();
    } catch (ErrnoException | Failure e) {
      return ofLix
          ? Optional.empty()
          : Optional.of(
              new Listed(
                  path, times(in, candidate), candidate.status.uid(), false, Optional.empty()));
    }
  }

  /** Describes an open kept directory, wherever it is. */
  public Listed listed(ByteString path, KeptDirectory kept) {
    return new Listed(path, kept.times(), kept.owner(), true, manifest(kept));
  }

  /** Returns the times of all kept directories, also of those that the caller may not open. */
  private List<KeptTimes> times() {
    List<KeptTimes> times = new ArrayList<>();
    visit((directory, candidate) -> times.add(times(directory, candidate)));
    return times.stream().distinct().toList();
  }

  private void visit(BiConsumer<Directory, Candidate> visitor) {
    for (ByteString place : places) {
      try (Directory directory = files.openDirectory(place)) {
        for (Candidate each : candidates(directory, KeptDirectories::isKeptOrPlace)) {
          if (KeptName.isPlace(each.name)) {
            visit(directory, each.name, visitor);
          } else {
            visitor.accept(directory, each);
          }
        }
      } catch (ErrnoException e) {
        // The place is missing, or the caller may not list it.
      }
    }
  }

  /** Visits what is in a place of Lix's below another place. */
  private void visit(Directory in, ByteString place, BiConsumer<Directory, Candidate> visitor) {
    try (Directory directory = in.openDirectory(place)) {
      candidates(directory, KeptDirectories::isKept)
          .forEach(candidate -> visitor.accept(directory, candidate));
    } catch (ErrnoException e) {
      // The place is gone, or the caller may not list it.
    }
  }

  private static boolean isKept(ByteString name) {
    return KeptName.of(name).isPresent();
  }

  private static boolean isKeptOrPlace(ByteString name) {
    return isKept(name) || KeptName.isPlace(name);
  }

  private static KeptTimes times(Directory in, Candidate candidate) {
    Optional<KeptName> name = KeptName.of(candidate.name);
    Instant changed = KeptDirectory.instant(candidate.status.changed());
    try (Directory outer = in.openDirectory(candidate.name)) {
      Status build = outer.status(ByteString.of(name.map(KeptName::inner).orElse(KeptName.INNER)));
      Instant inner = KeptDirectory.instant(build.changed());
      return KeptDirectory.times(name, build, KeptDirectory.earlier(changed, inner));
    } catch (ErrnoException e) {
      return KeptDirectory.times(name, candidate.status, changed); // The older layout.
    }
  }

  private record Candidate(ByteString name, Status status) {}

  private List<Candidate> candidates(Directory directory, Predicate<ByteString> names)
      throws ErrnoException {
    List<Candidate> candidates = new ArrayList<>();
    Listing listing = new Listing();
    Optional<Listing.Entry> entry = listing.next(directory);
    while (entry.isPresent()) {
      ByteString name = entry.get().name();
      if (names.test(name)) {
        candidate(directory, name).ifPresent(candidates::add);
      }
      entry = listing.next(directory);
    }
    candidates.sort(Comparator.comparing((Candidate each) -> each.status.changed()).reversed());
    return candidates.subList(0, Math.min(MOST, candidates.size()));
  }

  private Optional<Candidate> candidate(Directory in, ByteString name) {
    try {
      Status status = in.status(name);
      return status.type() == FileType.DIRECTORY
              && owners.test(status.uid())
              && !isOfSsh(in, name, status)
          ? Optional.of(new Candidate(name, status))
          : Optional.empty();
    } catch (ErrnoException e) {
      return Optional.empty();
    }
  }

  /**
   * Decides whether this is the directory in which Nix has its socket of ssh (ssh.cc), and which it
   * may leave when it ends a remote build. It has a kept directory's name, but is private.
   */
  private static boolean isOfSsh(Directory in, ByteString name, Status status) {
    if (KeptName.of(name).flatMap(KeptName::worker).isEmpty() || (status.mode() & 0777) != 0700) {
      return false;
    }
    try (Directory directory = in.openDirectory(name)) {
      return directory.find(ByteString.of(KeptName.INNER)).isEmpty();
    } catch (ErrnoException e) {
      return false; // It is another user's.
    }
  }

  private Optional<Manifest> manifest(KeptDirectory kept) {
    if (kept.read(Manifest.PATH, LARGEST_MANIFEST) instanceof FileContent.Bytes content) {
      try {
        return Optional.of(ManifestReader.read(content.bytes(), store));
      } catch (Malformed | Manifest.Newer e) {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }
}
