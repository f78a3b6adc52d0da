package nixbuildshell.files;

import nixbuildshell.ByteString;

/** Tells what reading a small file came to, when an attacker may have made the file. */
public sealed interface FileContent {

  /** Returns the reason that there is no content, for a message: "it does not exist". */
  String why();

  /** Holds the whole file. */
  record Bytes(byte[] bytes) implements FileContent {
    @Override
    public String why() {
      return "it was read";
    }
  }

  /** Says that there is no such file. */
  record Missing() implements FileContent {
    @Override
    public String why() {
      return "it does not exist";
    }
  }

  /**
   * Says that the kernel refuses.
   *
   * @param errno its name and meaning
   */
  record Unreadable(String errno) implements FileContent {
    @Override
    public String why() {
      return "it is not readable: " + errno;
    }
  }

  /** Says that the file is a link, a directory or the like. */
  record NotRegular(FileType type) implements FileContent {
    @Override
    public String why() {
      return "it is " + type + ", not a regular file";
    }
  }

  /**
   * Says that the file is too large.
   *
   * @param size bytes that it has, or at least has
   * @param limit bytes that it may have
   */
  record TooLarge(long size, int limit) implements FileContent {
    @Override
    public String why() {
      return "it has " + size + " bytes, more than " + (limit >> 20) + " MiB";
    }
  }

  /**
   * Reads a file: only a regular one, never through a link, without waiting, and never more than a
   * byte beyond the limit, whatever size the file claims to have.
   *
   * @param limit bytes that the file may have, less than 2 GiB
   */
  static FileContent read(Directory directory, ByteString name, int limit) {
    return read(directory, name, limit, true);
  }

  private static FileContent read(
      Directory directory, ByteString name, int limit, boolean whatClaimsToBeEmpty) {
    try (Descriptor file = directory.openFile(name)) {
      Status status = file.status();
      if (status.type() != FileType.REGULAR) {
        return new NotRegular(status.type());
      }
      if (status.size() > limit) {
        return new TooLarge(status.size(), limit);
      }
      if (status.size() == 0 && !whatClaimsToBeEmpty) {
        return new Bytes(new byte[0]);
      }
      byte[] bytes = file.read(limit + 1);
      return bytes.length > limit ? new TooLarge(bytes.length, limit) : new Bytes(bytes);
    } catch (ErrnoException e) {
      return e.missing() ? new Missing() : unopened(directory, name, e);
    }
  }

  /** Reads below directories, through no link: names with slashes between them. */
  static FileContent below(Directory directory, String path, int limit) {
    return below(directory, path, limit, true);
  }

  /**
   * Reads so in a running build, whose root can mount files of procfs anywhere: what claims to be
   * empty is taken for that, and not read. The kernel's log (kmsg), for one, forgets what is read.
   */
  static FileContent inBuild(Directory directory, String path, int limit) {
    return below(directory, path, limit, false);
  }

  private static FileContent below(
      Directory directory, String path, int limit, boolean whatClaimsToBeEmpty) {
    int slash = path.indexOf('/');
    if (slash < 0) {
      return read(directory, ByteString.of(path), limit, whatClaimsToBeEmpty);
    }
    try (Directory next = directory.openDirectory(ByteString.of(path.substring(0, slash)))) {
      return below(next, path.substring(slash + 1), limit, whatClaimsToBeEmpty);
    } catch (ErrnoException e) {
      return e.missing() ? new Missing() : new Unreadable(e.why());
    }
  }

  /** Asks for the type: a link (ELOOP) or a socket (ENXIO) does not open. */
  private static FileContent unopened(Directory directory, ByteString name, ErrnoException e) {
    try {
      FileType type = directory.status(name).type();
      return type == FileType.REGULAR ? new Unreadable(e.why()) : new NotRegular(type);
    } catch (ErrnoException again) {
      return new Unreadable(e.why());
    }
  }
}
