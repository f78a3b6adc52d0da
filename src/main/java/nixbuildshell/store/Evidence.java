package nixbuildshell.store;

import java.time.Instant;
import nixbuildshell.ByteString;

/**
 * The kept directory as this room may see it. It is hostile, so whoever implements this opens its
 * files without following links and without blocking, and never reads beyond a limit.
 */
public interface Evidence {

  /** The build directory itself (with the newer layout {@code DIR/build}), absolute. */
  ByteString path();

  /**
   * Last name of the directory that Nix said it keeps, for instance {@code
   * nix-build-probe-1.0.drv-0}. With the newer layout that is the name of the parent.
   */
  ByteString outerName();

  /**
   * The moment of failure: Nix chmods the directory then, and with the newer layout its parent too,
   * where the earlier ctime is the better one (a ctime only ever moves forward).
   */
  Instant changed();

  /** The user whose it is, as the open directory says. */
  long owner();

  /**
   * Reads a regular file below {@link #path}.
   *
   * @param file names with slashes between them; no link is followed on the way either
   * @param limit in bytes; a larger file is not read
   */
  Reading read(String file, long limit);

  /** What came of reading a file. */
  sealed interface Reading {
    /** Why there is no content: "it does not exist". */
    String why();
  }

  record Content(byte[] bytes) implements Reading {
    @Override
    public String why() {
      return "it was read";
    }
  }

  record Missing() implements Reading {
    @Override
    public String why() {
      return "it does not exist";
    }
  }

  /**
   * @param errno its name, "EACCES"
   */
  record Unreadable(String errno) implements Reading {
    @Override
    public String why() {
      return "it is not readable: " + errno;
    }
  }

  /**
   * @param kind for people: "a FIFO", "a symbolic link", "a directory"
   */
  record NotRegular(String kind) implements Reading {
    @Override
    public String why() {
      return "it is " + kind + ", not a regular file";
    }
  }

  /**
   * @param size in bytes
   * @param limit in bytes
   */
  record TooLarge(long size, long limit) implements Reading {
    @Override
    public String why() {
      return "it has " + size + " bytes, more than " + (limit >> 20) + " MiB";
    }
  }
}
