package nixbuildshell.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.Known;
import nixbuildshell.capture.Malformed;
import nixbuildshell.capture.StorePath;
import nixbuildshell.linux.Directory;
import nixbuildshell.linux.ErrnoException;
import nixbuildshell.linux.FileSystem;
import nixbuildshell.linux.FileType;
import nixbuildshell.sandbox.NixSandbox;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.session.Session;
import nixbuildshell.session.ShownStore;

/** Finds out what the sandbox shall show of the store, and whether the host has it. */
final class StoreLookup {
  private static final int MOST_NAMED = 100;

  private StoreLookup() {}

  /**
   * The view for a build.
   *
   * @throws Failure naming all store paths that are gone
   */
  static StoreView of(FileSystem files, FailedBuild build) {
    Optional<List<StorePath>> paths = build.storePaths().map(Known::value);
    return paths.isPresent() ? exact(files, paths.get()) : new StoreView.Whole();
  }

  /** The view that a session was made with. */
  static StoreView of(FileSystem files, Session session) {
    Optional<List<ByteString>> names = ShownStore.names(session);
    if (names.isEmpty()) {
      return new StoreView.Whole();
    }
    List<StorePath> paths = new ArrayList<>();
    try {
      for (ByteString name : names.get()) {
        paths.add(StorePath.ofBaseName(name.latin1()));
      }
    } catch (Malformed e) {
      throw new Failure("cannot enter " + session.path(), "its store/paths is damaged", "");
    }
    return exact(files, paths);
  }

  private static StoreView exact(FileSystem files, List<StorePath> paths) {
    List<StoreView.Member> members = new ArrayList<>();
    List<StorePath> missing = new ArrayList<>();
    try (Directory store = files.openDirectory(ByteString.of(NixSandbox.STORE))) {
      for (StorePath path : paths) {
        kind(store, path)
            .ifPresentOrElse(
                kind -> members.add(new StoreView.Member(path, kind)), () -> missing.add(path));
      }
    } catch (ErrnoException e) {
      throw e.failure("cannot look into " + NixSandbox.STORE, "is Nix installed here?");
    }
    if (!missing.isEmpty()) {
      throw gone(missing);
    }
    return new StoreView.Exact(members);
  }

  private static Optional<StoreView.Kind> kind(Directory store, StorePath path)
      throws ErrnoException {
    try {
      FileType type = store.status(ByteString.of(path.baseName())).type();
      return switch (type) {
        case DIRECTORY -> Optional.of(StoreView.Kind.DIRECTORY);
        case REGULAR -> Optional.of(StoreView.Kind.FILE);
        case LINK -> Optional.of(StoreView.Kind.LINK);
        default -> throw new Failure("cannot show " + path, "it is " + type, "");
      };
    } catch (ErrnoException e) {
      if (e.missing()) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static Failure gone(List<StorePath> missing) {
    int shown = Math.min(missing.size(), MOST_NAMED);
    String names =
        missing.subList(0, shown).stream()
            .map(StorePath::toString)
            .collect(Collectors.joining(" "));
    String more = shown < missing.size() ? " and " + (missing.size() - shown) + " more" : "";
    return new Failure(
        "cannot show the store as the build saw it",
        "gone from it (garbage-collected) is "
            + (missing.size() == 1 ? "one store path" : missing.size() + " store paths"),
        "get back what can be had with: nix-store --realise " + names + more);
  }
}
