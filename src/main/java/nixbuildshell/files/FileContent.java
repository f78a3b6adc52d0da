package nixbuildshell.files;

import nixbuildshell.ByteString;

/** What reading a small file whole came to, when the file may be an enemy's. */
public sealed interface FileContent {

  record Bytes(byte[] bytes) implements FileContent {}

  record Missing() implements FileContent {}

  /**
   * @param why errno's name and meaning
   */
  record Unreadable(String why) implements FileContent {}

  record NotRegular(FileType type) implements FileContent {}

  /**
   * @param size bytes that it has, or at least has
   */
  record TooLarge(long size) implements FileContent {}

  /**
   * Reads a file: only a regular one, never through a link, without waiting, and never more than a
   * byte beyond the limit, whatever size it claims to have.
   *
   * @param limit bytes that the file may have, less than 2 GiB
   */
  static FileContent read(Directory directory, ByteString name, int limit) {
    try (Descriptor file = directory.openFile(name)) {
      Status status = file.status();
      if (status.type() != FileType.REGULAR) {
        return new NotRegular(status.type());
      }
      if (status.size() > limit) {
        return new TooLarge(status.size());
      }
      byte[] bytes = file.read(limit + 1);
      return bytes.length > limit ? new TooLarge(bytes.length) : new Bytes(bytes);
    } catch (ErrnoException e) {
      return e.missing() ? new Missing() : unopened(directory, name, e);
    }
  }

  /** A link (ELOOP), a socket (ENXIO), a device without a driver do not even open. */
  private static FileContent unopened(Directory directory, ByteString name, ErrnoException e) {
    try {
      FileType type = directory.status(name).type();
      return type == FileType.REGULAR ? new Unreadable(e.why()) : new NotRegular(type);
    } catch (ErrnoException again) {
      return new Unreadable(e.why());
    }
  }
}
