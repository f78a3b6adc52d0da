package nixbuildshell.sandbox;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Names what every sandbox has of its own, as seen from inside. */
public final class OwnPaths {
  /** The build directory: Nix's setting {@code sandbox-build-dir}. */
  public static final String BUILD = "/build";

  static final String TMP = "/tmp";

  private static final List<String> TOP =
      List.of("/bin", BUILD, "/dev", "/etc", "/proc", "/sys", TMP);

  /** The directories where nothing may be added or replaced. */
  private static final List<String> CLOSED = List.of(BUILD, "/dev/pts", "/dev/shm", "/proc", TMP);

  private OwnPaths() {}

  /** Returns the top directory of the sandbox that is or holds a path, if there is one. */
  public static Optional<String> top(String path) {
    return TOP.stream().filter(own -> isAtOrBelow(path, own)).findFirst();
  }

  /**
   * Returns what a file at this path would replace: the path itself, or the closed directory that
   * holds it; empty when it would replace nothing.
   *
   * @param places the directories of the store and of the build, as seen from inside
   */
  static Optional<String> changed(String path, List<String> places) {
    boolean own =
        List.of("/bin", "/dev", "/etc").contains(path)
            || places.stream().anyMatch(place -> isBelow(place, path));
    return own
        ? Optional.of(path)
        : Stream.concat(CLOSED.stream(), places.stream())
            .filter(closed -> isAtOrBelow(path, closed))
            .findFirst();
  }

  static boolean isBelow(String path, String directory) {
    return path.startsWith(directory + "/");
  }

  private static boolean isAtOrBelow(String path, String directory) {
    return path.equals(directory) || isBelow(path, directory);
  }

  /** Returns the directories that lead to a path, outermost first, without the root. */
  static List<String> parents(String path) {
    List<String> parents = new ArrayList<>();
    for (int slash = path.indexOf('/', 1); slash > 0; slash = path.indexOf('/', slash + 1)) {
      parents.add(path.substring(0, slash));
    }
    return parents;
  }
}
