package nixbuildshell.session;

import nixbuildshell.ByteString;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Status;
import nixbuildshell.files.TreeCopy;

/** An output that the failed build had begun to write, given to the session as it was left. */
public final class PartialOutput {
  private PartialOutput() {}

  /**
   * Copies a store path into the upper layer of an overlay of the store.
   *
   * <p>A directory is marked opaque: overlayfs would merge it with the one below, whose files can
   * be neither written nor removed then ({@code Documentation/filesystems/overlayfs.rst}).
   *
   * @throws nixbuildshell.Failure when the layer cannot be written
   */
  public static TreeCopy.Result seed(
      TreeCopy copy, Directory store, ByteString name, Directory upper) {
    TreeCopy.Result result = copy.entry(store, name, upper);
    try {
      Status status = upper.status(name);
      if (status.type() == FileType.DIRECTORY) {
        mark(upper, name, status);
      }
      return result;
    } catch (ErrnoException e) {
      if (e.missing()) {
        // It could not be copied, as the result says.
        return result;
      }
      throw e.failure(
          "cannot make " + store.place().child(name) + " writable in the session", Sessions.REMEDY);
    }
  }

  /** Setting an attribute needs a directory that its owner may write to, which this may not be. */
  private static void mark(Directory upper, ByteString name, Status status) throws ErrnoException {
    upper.setMode(name, 0700);
    try (Directory output = upper.openDirectory(name)) {
      output.self().setAttribute("user.overlay.opaque", new byte[] {'y'});
      output.self().setMode(status.mode());
    }
  }
}
