package nixbuildshell.files;

import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;

/** Writes a file of which readers see the old content or the new one, and never a part. */
public final class WholeFile {
  private WholeFile() {}

  /**
   * Writes a file, and replaces what has its name. Several processes may do so at once.
   *
   * @throws ErrnoException when it cannot be written; then what had its name is still there
   */
  public static void replace(Directory in, ByteString name, byte[] content) throws ErrnoException {
    ByteString begun = name.plus(".new-" + in.files().call(Syscall.GETPID));
    TreeRemoval.remove(in, begun);
    try (Descriptor file = in.createFile(begun, 0600)) {
      file.write(content);
      file.closeWritten();
      in.rename(begun, name);
    } catch (ErrnoException e) {
      TreeRemoval.remove(in, begun);
      throw e;
    }
  }
}
