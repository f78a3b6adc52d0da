package nixbuildshell.session;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.linux.Descriptor;
import nixbuildshell.linux.Directory;
import nixbuildshell.linux.ErrnoException;
import nixbuildshell.linux.FileContent;
import nixbuildshell.linux.FileType;

/**
 * The store of a session that shows only some store paths: the directory {@code store/view} with a
 * mount point for each of them, and the file {@code store/paths} that names them for who comes
 * back. A store path that is a link is made anew, since it cannot be mounted.
 */
public final class ShownStore {
  /** The directory, in the session's own. */
  public static final String VIEW = "store/view";

  private static final ByteString PATHS = ByteString.of("store/paths");
  private static final int LONGEST = 16 << 20;

  private ShownStore() {}

  /** An entry of the store and what it is. */
  public record Shown(ByteString name, FileType type) {}

  /**
   * Fills the directory of a new session.
   *
   * @throws nixbuildshell.Failure when it cannot be written, or the store cannot be read
   */
  public static void prepare(Session session, Directory store, List<Shown> entries) {
    try (Directory view = session.open(VIEW);
        Descriptor paths = session.directory().createFile(PATHS, 0600)) {
      StringBuilder names = new StringBuilder();
      for (Shown entry : entries) {
        place(entry, store, view);
        names.append(entry.name().latin1()).append('\n');
      }
      paths.write(names.toString().getBytes(StandardCharsets.ISO_8859_1));
      paths.closeWritten();
    } catch (ErrnoException e) {
      throw e.failure(
          "cannot make mount points in " + session.path() + "/" + VIEW, Sessions.REMEDY);
    }
  }

  private static void place(Shown entry, Directory store, Directory view) throws ErrnoException {
    switch (entry.type()) {
      case DIRECTORY -> view.makeDirectory(entry.name(), 0755);
      case LINK -> view.makeLink(entry.name(), store.readLink(entry.name()));
      default -> view.createFile(entry.name(), 0444).closeWritten();
    }
  }

  /** What a session shows; empty when that is the whole store. */
  public static Optional<List<ByteString>> names(Session session) {
    FileContent paths = FileContent.read(session.directory(), PATHS, LONGEST);
    return paths instanceof FileContent.Bytes file
        ? Optional.of(ByteString.of(file.bytes()).latin1().lines().map(ByteString::new).toList())
        : Optional.empty();
  }
}
