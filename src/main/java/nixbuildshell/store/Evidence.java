package nixbuildshell.store;

import java.time.Instant;
import nixbuildshell.ByteString;
import nixbuildshell.files.FileContent;

/**
 * Shows a kept directory. An attacker may have made it, so an implementation opens its files
 * without following links and without blocking, and never reads beyond a limit.
 */
public interface Evidence {

  /** Returns the absolute path of the build directory ({@code DIR/build} in the newer layout). */
  ByteString path();

  /**
   * Returns the last name of the directory that Nix said it keeps, for instance {@code
   * nix-build-probe-1.0.drv-0}. In the newer layout that is the name of the parent.
   */
  ByteString outerName();

  /**
   * Returns the moment of failure: Nix chmods the directory then, and in the newer layout its
   * parent too. The earlier ctime is the better one, since a ctime only ever moves forward.
   */
  Instant changed();

  /** Returns what tells this directory's build log from others; its ctime is {@link #changed}. */
  KeptTimes times();

  /** Returns the owner's uid, of the open directory. */
  long owner();

  /**
   * Reads a regular file below {@link #path}.
   *
   * @param file names with slashes between them, none of them a link
   * @param limit in bytes; a larger file is not read
   */
  FileContent read(String file, int limit);

  /**
   * Reads a regular file beside the build directory: missing in the older layout, and where the
   * caller may not open the directory that holds both.
   *
   * @param limit as for {@link #read}
   */
  FileContent readBeside(String file, int limit);
}
