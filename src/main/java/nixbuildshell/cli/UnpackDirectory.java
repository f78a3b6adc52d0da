package nixbuildshell.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.stream.Stream;
import nixbuildshell.ByteString;

/**
 * Where JNA may unpack its library for the moment of loading it: a new private directory where the
 * sessions are. JNA's own choice would be a cache in the home directory that stays.
 */
final class UnpackDirectory {
  private UnpackDirectory() {}

  /** Makes the directory; empty when none can be made, and JNA is left to itself. */
  static Optional<Path> make(Options options) {
    return Stream.of(
            options.workDirectory(),
            ProcessBytes.environment("XDG_STATE_HOME"),
            ProcessBytes.environment("HOME").map(home -> home.plus("/.local/state")),
            ProcessBytes.environment("TMPDIR"),
            Optional.of(ByteString.of("/tmp")))
        .flatMap(Optional::stream)
        .flatMap(parent -> in(parent).stream())
        .findFirst();
  }

  private static Optional<Path> in(ByteString parent) {
    try {
      return Optional.of(
          Files.createTempDirectory(
              Path.of(parent.toString()),
              "nix-build-shell-",
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))));
    } catch (IOException | InvalidPathException e) {
      return Optional.empty();
    }
  }
}
