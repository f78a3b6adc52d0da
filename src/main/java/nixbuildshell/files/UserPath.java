package nixbuildshell.files;

import nixbuildshell.ByteString;
import nixbuildshell.Failure;

/** A path that the person gave on the command line. */
public final class UserPath {
  private UserPath() {}

  /**
   * Opens the directory that he means. Links on the way are followed, as he chose the path; the
   * directory's {@link Directory#place} is where they led.
   *
   * @param path absolute, or relative to the working directory
   * @throws Failure when it is missing, no directory, not readable or empty
   */
  public static Directory openDirectory(FileSystem files, ByteString path) {
    String what = "cannot enter " + (path.isEmpty() ? "''" : path);
    try {
      return notEmpty(what, files.openDirectory(path));
    } catch (ErrnoException e) {
      throw failure(what, e);
    }
  }

  /** Opens a directory in one that the person named, by the same rules; no link is followed. */
  public static Directory openDirectory(Directory parent, ByteString name) {
    String what = "cannot enter " + parent.place().child(name);
    try {
      return notEmpty(what, parent.openDirectory(name));
    } catch (ErrnoException e) {
      throw failure(what, e);
    }
  }

  private static Directory notEmpty(String what, Directory directory) throws ErrnoException {
    try {
      if (new Listing().next(directory).isEmpty()) {
        throw new Failure(what, "the directory is empty", "give the directory that Nix kept");
      }
      return directory;
    } catch (ErrnoException | Failure e) {
      directory.close();
      throw e;
    }
  }

  private static Failure failure(String what, ErrnoException e) {
    String remedy = e.denied() ? "run this as a user who can read the directory" : "";
    return new Failure(what, e.why(), remedy, e);
  }
}
