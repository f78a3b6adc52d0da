package nixbuildshell.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import nixbuildshell.ByteString;

/**
 * Makes a new private directory where JNA unpacks its library for the moment of loading it. It lies
 * where the sessions are. JNA's own choice would be a cache that stays in the home directory.
 *
 * <p>The library runs with the tool's rights. An attacker who can rename files in the parent could
 * replace it. So only the caller may own the parent and write to it, or it is sticky as /tmp is.
 * After sudo, the variables may name the directories of another user.
 */
public final class UnpackDirectory {
  private static final int STICKY = 01000;
  private static final int OTHERS_WRITE = 022;

  private UnpackDirectory() {}

  /**
   * Makes the directory; empty when that fails, and JNA makes its own choice.
   *
   * @param environment the value of a variable, if it is set
   */
  public static Optional<Path> make(
      Optional<ByteString> workDirectory, Function<String, Optional<ByteString>> environment) {
    return Stream.of(
            workDirectory,
            environment.apply("XDG_STATE_HOME"),
            environment.apply("HOME").map(home -> home.plus("/.local/state")),
            environment.apply("TMPDIR"),
            Optional.of(ByteString.of("/tmp")))
        .flatMap(Optional::stream)
        .flatMap(parent -> in(parent).stream())
        .findFirst();
  }

  private static Optional<Path> in(ByteString path) {
    try {
      Path parent = Path.of(path.toString()).toRealPath();
      return isSafe(parent) ? Optional.of(make(parent)) : Optional.empty();
    } catch (IOException | InvalidPathException e) {
      return Optional.empty();
    }
  }

  private static boolean isSafe(Path parent) throws IOException {
    int mode = (int) Files.getAttribute(parent, "unix:mode");
    Object owner = Files.getAttribute(parent, "unix:uid");
    Object caller =
        Files.getAttribute(Path.of("/proc/self"), "unix:uid", LinkOption.NOFOLLOW_LINKS);
    boolean root = owner.equals(0);
    return (mode & STICKY) != 0 && root || owner.equals(caller) && (mode & OTHERS_WRITE) == 0;
  }

  /** Makes the directory and sets its mode again: the caller's umask may have removed bits. */
  private static Path make(Path parent) throws IOException {
    Path made =
        Files.createTempDirectory(
            parent,
            ".nix-build-shell-jna-",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    return Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwx------"));
  }
}
