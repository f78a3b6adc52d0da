package nixbuildshell.capture;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongPredicate;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Listing;
import nixbuildshell.files.Status;
import nixbuildshell.nix.Caller;
import nixbuildshell.store.KeptName;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StoreDirectory;

/**
 * The kept directories of this host that the caller can read, where Nix is configured to keep them
 * and where it usually does.
 *
 * <p>In /tmp anybody can make a directory of such a name, with any ID in it. So only those count
 * that Nix could have left for the caller: root's, a build user's and his own.
 */
final class KeptDirectories {
  /** Of the newest so many the manifests are read. */
  private static final int MOST = 500;

  /**
   * One of them.
   *
   * @param path of what Nix named, absolute
   */
  record Found(ByteString path, KeptDirectory.Summary summary) {
    /** How a person can name it: "wttr-0.1-k3f9a2 (/tmp/nix-build-wttr-0.1.drv-0)". */
    @Override
    public String toString() {
      return summary.id().map(id -> id + " (" + path + ")").orElse(path.toString());
    }
  }

  private final FileSystem files;
  private final StoreDirectory store;
  private final List<ByteString> places;
  private final LongPredicate owners;

  /** Those of this host. */
  KeptDirectories(Caller caller, FileSystem files, NixStore nix) {
    this.files = files;
    this.store = nix.directory();
    this.places =
        Stream.of(
                caller.settings().get("build-dir"),
                Optional.of(ByteString.of(nix.state() + "/builds")),
                caller.environment("TMPDIR"),
                Optional.of(ByteString.of("/tmp")))
            .flatMap(Optional::stream)
            .filter(path -> path.startsWith("/"))
            .distinct()
            .toList();
    this.owners = caller.buildOwners();
  }

  /** Where they were looked for. */
  List<ByteString> places() {
    return places;
  }

  /** All of them, the newest first, each once. */
  List<Found> newestFirst() {
    List<Found> found = new ArrayList<>();
    Set<List<Long>> seen = new LinkedHashSet<>();
    for (ByteString place : places) {
      try (Directory directory = files.openDirectory(place)) {
        for (Candidate candidate : candidates(directory)) {
          if (seen.add(List.of(candidate.status.device(), candidate.status.inode()))) {
            look(directory, candidate.name).ifPresent(found::add);
          }
        }
      } catch (ErrnoException e) {
        // A place that is not there, or that he may not list, has nothing for him.
      }
    }
    found.sort(Comparator.comparing((Found each) -> each.summary.changed()).reversed());
    return found;
  }

  private record Candidate(ByteString name, Status status) {}

  private List<Candidate> candidates(Directory directory) throws ErrnoException {
    List<Candidate> candidates = new ArrayList<>();
    Listing listing = new Listing();
    Optional<Listing.Entry> entry = listing.next(directory);
    while (entry.isPresent()) {
      ByteString name = entry.get().name();
      if (KeptName.of(name).isPresent()) {
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
      return status.type() == FileType.DIRECTORY && owners.test(status.uid())
          ? Optional.of(new Candidate(name, status))
          : Optional.empty();
    } catch (ErrnoException e) {
      return Optional.empty();
    }
  }

  private Optional<Found> look(Directory in, ByteString name) {
    try (KeptDirectory kept = KeptDirectory.in(in, name)) {
      return Optional.of(new Found(in.place().child(name).path(), kept.summary(store)));
    } catch (ErrnoException | Failure e) {
      // Gone meanwhile, empty or not for him to read.
      return Optional.empty();
    }
  }
}
