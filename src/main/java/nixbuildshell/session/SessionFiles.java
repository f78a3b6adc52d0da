package nixbuildshell.session;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.Changes;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileContent;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.Status;

/**
 * Looks at the files of a session to compare them, without its lock: a shell may still use it.
 *
 * @param build the build directory
 * @param created the time of the session's oldest file
 * @param staged a time after the ctime of all unchanged files
 */
public record SessionFiles(
    Remembered remembered, Directory build, Status.Time created, Status.Time staged)
    implements AutoCloseable {
  /** Names what is no part of a build, in the build directory: the tool's own, and stdenv's. */
  public static final Set<ByteString> NO_SOURCES = Set.of(Session.OWN, ByteString.of("env-vars"));

  private static final int LARGEST = 1 << 20;

  /**
   * Opens a session.
   *
   * @param path as {@link Sessions#named} returns it
   * @throws Failure when it cannot be read, or was never complete
   */
  public static SessionFiles open(FileSystem files, ByteString path) {
    try (Directory session = files.openDirectory(path)) {
      Remembered remembered =
          Session.remembered(session)
              .orElseThrow(() -> new Failure("cannot look into " + path, "it is no session", ""));
      return new SessionFiles(
          remembered,
          session.openDirectory(ByteString.of("build")),
          session.status(Session.LOCK).changed(),
          session.status(Session.STAGED).changed());
    } catch (ErrnoException e) {
      throw e.failure("cannot look into the session " + path, "");
    }
  }

  /** Returns what tells changed files. */
  public Changes changes(BooleanSupplier stop) {
    return new Changes(created, staged, stop);
  }

  /** Returns when phases were run in it. */
  public PhaseTimes phases() {
    return FileContent.below(build, PhaseTimes.FILE, LARGEST) instanceof FileContent.Bytes file
        ? PhaseTimes.parse(ByteString.of(file.bytes()))
        : new PhaseTimes(List.of());
  }

  /** Returns the content of {@code env-vars}, if it can be read. */
  public Optional<ByteString> envVars() {
    return FileContent.below(build, "env-vars", 16 << 20) instanceof FileContent.Bytes file
        ? Optional.of(ByteString.of(file.bytes()))
        : Optional.empty();
  }

  @Override
  public void close() {
    build.close();
  }
}
