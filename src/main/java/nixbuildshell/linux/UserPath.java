package nixbuildshell.linux;

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
    Directory directory = open(files, path, what);
    try {
      if (new Listing().next(directory).isEmpty()) {
        throw new Failure(what, "the directory is empty", "give the directory that Nix kept");
      }
      return directory;
    } catch (ErrnoException e) {
      directory.close();
      throw e.failure(what, "");
    } catch (Failure e) {
      directory.close();
      throw e;
    }
  }

  private static Directory open(FileSystem files, ByteString path, String what) {
    try {
      return files.openDirectory(path);
    } catch (ErrnoException e) {
      if (e.denied()) {
        throw new Failure(what, e.why(), "run this as a user who can read the directory", e);
      }
      throw new Failure(what, e.why(), "", e);
    }
  }
}
