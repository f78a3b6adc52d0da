package nixbuildshell.capture;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;

/**
 * The store as the host has it. Its names are ASCII, so that {@code java.nio} is good enough in any
 * locale.
 *
 * @param directory where the store paths really are: {@code /nix/store}, but for tests
 */
public record StoreDirectory(Path directory) {
  private static final int LARGEST_DERIVATION = 64 << 20;

  /** Whether the path is there, valid or not; a dangling link is. */
  public boolean has(StorePath path) {
    return Files.exists(directory.resolve(path.baseName()), LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * Where a file below a store path is on the host.
   *
   * @param path ASCII, in some {@link StorePath#containing}
   */
  Path locate(ByteString path) {
    return directory.resolve(path.latin1().substring(StorePath.STORE_DIRECTORY.length() + 1));
  }

  /**
   * The derivations of a name, sorted.
   *
   * @param name without {@code .drv}
   */
  List<StorePath> derivationsNamed(String name) {
    String end = "-" + name + ".drv";
    List<StorePath> found = new ArrayList<>();
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(
            directory, entry -> entry.getFileName().toString().endsWith(end))) {
      for (Path entry : entries) {
        String baseName = entry.getFileName().toString();
        // "-x.drv" also ends "…-y-x.drv", which is the derivation of another name.
        if (baseName.length() == 32 + end.length() && isStorePath(baseName)) {
          found.add(StorePath.ofBaseName(baseName));
        }
      }
    } catch (DirectoryIteratorException e) {
      throw unlistable(e.getCause());
    } catch (IOException e) {
      throw unlistable(e);
    } catch (Malformed e) {
      throw new IllegalStateException(e);
    }
    found.sort(null);
    return found;
  }

  private static boolean isStorePath(String baseName) {
    try {
      StorePath.ofBaseName(baseName);
      return true;
    } catch (Malformed e) {
      return false;
    }
  }

  private Failure unlistable(IOException e) {
    return new Failure("cannot list " + directory, reason(e), "", e);
  }

  /** Reads and parses a derivation. */
  public Derivation read(StorePath derivation) {
    Path file = directory.resolve(derivation.baseName());
    try {
      if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)
          && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        throw unreadable(derivation, "it is not a regular file", null);
      }
      try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
        byte[] text = in.readNBytes(LARGEST_DERIVATION + 1);
        if (text.length > LARGEST_DERIVATION) {
          throw unreadable(derivation, "it is larger than 64 MiB", null);
        }
        return DerivationParser.parse(text);
      }
    } catch (IOException e) {
      throw unreadable(derivation, reason(e), e);
    } catch (Malformed e) {
      throw unreadable(derivation, e.getMessage(), e);
    }
  }

  private static Failure unreadable(StorePath derivation, String why, Exception cause) {
    return new Failure("cannot read the derivation " + derivation, why, "", cause);
  }

  private static String reason(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "it does not exist";
    }
    return e instanceof java.nio.file.AccessDeniedException
        ? "permission denied (EACCES)"
        : String.valueOf(e.getMessage());
  }
}
