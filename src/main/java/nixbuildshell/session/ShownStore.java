package nixbuildshell.session;

import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.Descriptor;
import nixbuildshell.files.Directory;
import nixbuildshell.files.EntryList;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileContent;

/**
 * Describes the store of a session that shows only some store paths. Their mount points are in
 * {@code store/view}, which takes the changes, too. A store path that is a link cannot be mounted,
 * and is made anew there. The file {@code store/paths} has the text of an {@link EntryList}.
 */
public record ShownStore(EntryList entries) {
  static final ByteString PATHS = ByteString.of("store/paths");
  static final ByteString VIEW = ByteString.of("store/view");
  static final int VIEW_MODE = 01775;
  private static final int LONGEST = 16 << 20;

  /**
   * Reads what a session's directory says; empty when the session shows the whole store.
   *
   * @throws Failure when the file is damaged
   */
  static Optional<ShownStore> of(Directory session) {
    return paths(session)
        .map(
            text ->
                new ShownStore(
                    EntryList.parse(text)
                        .orElseThrow(
                            () ->
                                new Failure(
                                    "cannot use " + session.place(),
                                    "its " + PATHS + " is damaged",
                                    ""))));
  }

  /** Reads the file that names the store paths of a session's directory; empty without one. */
  static Optional<byte[]> paths(Directory session) {
    return FileContent.read(session, PATHS, LONGEST) instanceof FileContent.Bytes file
        ? Optional.of(file.bytes())
        : Optional.empty();
  }

  /**
   * Decides whether nothing has been made, removed or changed among the mount points since they
   * were made. The kernel sets the ctimes that tell, and no program can.
   */
  static boolean isPristine(Directory session) throws ErrnoException {
    return session.status(VIEW).changed().compareTo(session.status(PATHS).changed()) < 0;
  }

  /** Makes the mount points of a session's directory count as pristine from now on. */
  static void markPristine(Directory session) throws ErrnoException {
    session.setMode(VIEW, VIEW_MODE); // Its ctime is now, even if the clock was set back.
    try (Descriptor paths = session.openFileToWrite(PATHS)) {
      paths.changeLater(session.status(VIEW).changed());
    }
  }
}
