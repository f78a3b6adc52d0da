package nixbuildshell.files;

import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;

/** Tries whether a file system lets two files share their blocks (ioctl_ficlone(2)). */
public final class Reflink {
  private static final ByteString ONE = ByteString.of("reflink-1");
  private static final ByteString OTHER = ByteString.of("reflink-2");

  private Reflink() {}

  /** Makes two files in a directory of the caller's, and deletes them. */
  public static boolean works(Directory directory) {
    try (Descriptor from = directory.openOrCreateFile(ONE, 0600);
        Descriptor to = directory.openOrCreateFile(OTHER, 0600)) {
      from.write(new byte[1]);
      directory.files().call(Syscall.IOCTL, to.number(), FileCopy.FICLONE, from.number());
      return true;
    } catch (ErrnoException e) {
      return false;
    } finally {
      TreeRemoval.remove(directory, ONE);
      TreeRemoval.remove(directory, OTHER);
    }
  }
}
