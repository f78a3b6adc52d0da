package nixbuildshell.files;

import nixbuildshell.ByteString;
import nixbuildshell.Failure;

/** Opens directories that the caller names on the command line. */
public final class UserPath {
  private UserPath() {}

  private interface Opening {
    Directory open() throws ErrnoException;
  }

  /**
   * Opens a directory. Links on the way are followed, because the caller chose the path; the
   * directory's {@link Directory#place} is where they lead.
   *
   * @param path absolute, or relative to the working directory
   * @throws Failure when it is missing, no directory or not readable
   */
  public static Directory openDirectory(FileSystem files, ByteString path) {
    return open(path.isEmpty() ? "''" : path.toString(), () -> files.openDirectory(path));
  }

  /** Opens a directory in a directory that the caller named; no link is followed. */
  public static Directory openDirectory(Directory parent, ByteString name) {
    return open(parent.place().child(name).toString(), () -> parent.openDirectory(name));
  }

  private static Directory open(String path, Opening opening) {
    try {
      return opening.open();
    } catch (ErrnoException e) {
      String remedy = e.denied() ? "run this as a user who can read the directory" : "";
      throw new Failure("cannot enter " + path, e.why(), remedy, e);
    }
  }
}
