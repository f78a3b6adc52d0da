package nixbuildshell.enter;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;
import nixbuildshell.capture.EnvVars;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Listing;
import nixbuildshell.files.TreeChanges;
import nixbuildshell.session.SessionFiles;

/** Tells where the source tree of a build lies in the build directory, as patchPhase finds it. */
final class SourceTree {
  private SourceTree() {}

  /**
   * Returns the tree's path relative to the build directory, the empty path for that itself; empty
   * when it is not known.
   *
   * <p>It is {@code sourceRoot} where the build exports that; else the directory below which the
   * failed phase began (PWD in {@code env-vars}); else the only directory there.
   *
   * @param build has the directories that unpacking made
   */
  static Optional<ByteString> of(SessionFiles session, Directory build) throws ErrnoException {
    String top =
        session
            .remembered()
            .sandbox()
            .buildTop()
            .map(ByteString::latin1)
            .orElse(session.remembered().sandbox().directory());
    Optional<EnvVars> env = session.envVars().flatMap(SourceTree::parse);
    Optional<String> root =
        env.flatMap(all -> all.get("sourceRoot"))
            .map(ByteString::latin1)
            .filter(path -> !path.isEmpty())
            .map(path -> path.startsWith("/") ? path : top + "/" + path)
            .flatMap(path -> below(top, path));
    Optional<String> first =
        env.flatMap(all -> all.get("PWD"))
            .flatMap(path -> below(top, path.latin1()))
            .filter(path -> !path.isEmpty())
            .map(path -> path.split("/")[0]);
    for (Optional<String> each : List.of(root, first)) {
      if (each.filter(path -> isDirectory(build, path)).isPresent()) {
        return each.map(ByteString::new);
      }
    }
    List<ByteString> directories = new ArrayList<>();
    for (ByteString name : Listing.names(build)) {
      if (!SessionFiles.NO_SOURCES.contains(name)
          && build.status(name).type() == FileType.DIRECTORY) {
        directories.add(name);
      }
    }
    return directories.size() == 1 ? Optional.of(directories.get(0)) : Optional.empty();
  }

  /** Returns an absolute path relative to the build directory; empty when it leads out of that. */
  private static Optional<String> below(String top, String path) {
    if (!(path + "/").startsWith(top + "/")) {
      return Optional.empty();
    }
    List<String> names =
        Stream.of(path.substring(top.length()).split("/"))
            .filter(name -> !name.isEmpty() && !name.equals("."))
            .toList();
    return names.contains("..") ? Optional.empty() : Optional.of(String.join("/", names));
  }

  private static Optional<EnvVars> parse(ByteString text) {
    try {
      return Optional.of(EnvVars.parse(text.bytes()));
    } catch (Malformed e) {
      return Optional.empty();
    }
  }

  private static boolean isDirectory(Directory build, String path) {
    try (Directory there = TreeChanges.open(build, new ByteString(path))) {
      return true;
    } catch (ErrnoException e) {
      return false;
    }
  }
}
