package nixbuildshell.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.console.ShellWord;

/**
 * Reads a store of this machine ({@code LocalFSStoreConfig} in local-fs-store.hh). Its names are
 * ASCII, so that {@code java.nio} is good enough in any locale.
 *
 * @param directory what its store paths are called by
 * @param real where their files are; in a chroot store, {@code /some/root/nix/store}, that differs
 * @param state {@code /nix/var/nix}
 * @param logs {@code /nix/var/log/nix}
 * @param uri what Nix's programs are to be told with {@code --store}; empty when they know
 */
public record NixStore(
    StoreDirectory directory, String real, String state, String logs, Optional<String> uri) {
  /** The store that Nix has when it is told nothing else. */
  public static final NixStore DEFAULT =
      new NixStore(
          StoreDirectory.DEFAULT,
          StoreDirectory.DEFAULT.path(),
          "/nix/var/nix",
          "/nix/var/log/nix",
          Optional.empty());

  private static final int LARGEST_DERIVATION = 64 << 20;

  /** As the kernel has it (MAXSYMLINKS). */
  private static final int MOST_LINKS = 40;

  /** For commands that a person shall give: {@code nix-store} with this store. */
  public String command() {
    return "nix-store" + uri.map(text -> " --store " + ShellWord.inSingleQuotes(text)).orElse("");
  }

  /** Whether the path is there, valid or not; a dangling link is. */
  public boolean has(StorePath path) {
    return Files.exists(file(path), LinkOption.NOFOLLOW_LINKS);
  }

  /** Returns what a file of the host is called, when it lies in this store. */
  public ByteString logical(ByteString path) {
    ByteString start = ByteString.of(real + "/");
    return path.startsWith(start.latin1())
        ? new ByteString(directory.path() + "/" + path.latin1().substring(start.length()))
        : path;
  }

  /**
   * Where a file below a store path is on the host. Links are followed as they lead in the sandbox:
   * those of a chroot store name store paths that are elsewhere on the host.
   *
   * @param path ASCII, in some {@link StoreDirectory#containing}
   * @return a path without links, where nothing need be
   * @throws Malformed when a link leads out of the store
   */
  public Path locate(ByteString path) throws Malformed, IOException {
    Deque<String> names = new ArrayDeque<>();
    Path at = entered(path.latin1(), names);
    for (int links = 0; !names.isEmpty(); ) {
      Path next = at.resolve(names.pop()).normalize();
      if (!next.startsWith(real)) {
        throw new Malformed("it is a link that leads out of the store");
      } else if (!Files.isSymbolicLink(next)) {
        at = next;
      } else if (++links > MOST_LINKS) {
        throw new FileSystemLoopException(next.toString());
      } else {
        String target = Files.readSymbolicLink(next).toString();
        at = target.startsWith("/") ? entered(target, names) : relative(at, target, names);
      }
    }
    return at;
  }

  private Path entered(String path, Deque<String> names) throws Malformed {
    String start = directory.path() + "/";
    if (!path.startsWith(start)) {
      throw new Malformed("it is a link that leads out of the store");
    }
    return relative(Path.of(real), path.substring(start.length()), names);
  }

  private static Path relative(Path from, String path, Deque<String> names) {
    List<String> all = new ArrayList<>(List.of(path.split("/")));
    Collections.reverse(all);
    all.stream().filter(name -> !name.isEmpty()).forEach(names::push);
    return from;
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
            Path.of(real), entry -> entry.getFileName().toString().endsWith(end))) {
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
    return new Failure("cannot list " + real, reason(e), "", e);
  }

  /** Reads and parses a derivation. */
  public Derivation read(StorePath derivation) {
    Path file = file(derivation);
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
        return DerivationParser.parse(directory, text);
      }
    } catch (IOException e) {
      throw unreadable(derivation, reason(e), e);
    } catch (Malformed e) {
      throw unreadable(derivation, e.getMessage(), e);
    }
  }

  private Failure unreadable(StorePath derivation, String why, Exception cause) {
    return new Failure("cannot read the derivation " + directory.path(derivation), why, "", cause);
  }

  private Path file(StorePath path) {
    return Path.of(real, path.baseName());
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
