package nixbuildshell.store;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
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
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.console.ShellWord;

/**
 * Reads a store of this machine ({@code LocalFSStoreConfig} in local-fs-store.hh). Its names are
 * ASCII, so {@code java.nio} can open them in any locale.
 *
 * @param directory the start of every store path
 * @param real where the files are; in a chroot store, {@code /some/root/nix/store}, that differs
 * @param state {@code /nix/var/nix}
 * @param logs {@code /nix/var/log/nix}
 * @param uri what Nix's programs need with {@code --store}; empty when they find the store without
 */
public record NixStore(
    StoreDirectory directory, String real, String state, String logs, Optional<String> uri) {
  /** The store that Nix uses without any setting. */
  public static final NixStore DEFAULT =
      new NixStore(
          StoreDirectory.DEFAULT,
          StoreDirectory.DEFAULT.path(),
          "/nix/var/nix",
          "/nix/var/log/nix",
          Optional.empty());

  private static final int LARGEST_DERIVATION = 64 << 20;

  /** Follows as many links as the kernel (MAXSYMLINKS). */
  private static final int MOST_LINKS = 40;

  /** Decides whether it is {@link #DEFAULT}, without linking the record's own comparison. */
  public boolean isDefault() {
    return directory.path().equals(DEFAULT.directory.path())
        && List.of(real, state, logs).equals(List.of(DEFAULT.real, DEFAULT.state, DEFAULT.logs))
        && uri.isEmpty();
  }

  /** Returns the start of a command for the caller to type: {@code nix-store} with this store. */
  public String command() {
    return "nix-store" + uri.map(text -> " --store " + ShellWord.inSingleQuotes(text)).orElse("");
  }

  /** Returns the place of build directories that the URI names: {@code local?build-dir=…}. */
  public Optional<ByteString> buildDirectory() {
    return uri.map(ByteString::of).flatMap(StoreUri::parse).flatMap(all -> all.get("build-dir"));
  }

  /** Decides whether the path exists, valid or not; a dangling link does. */
  public boolean has(StorePath path) {
    return Files.exists(file(path), LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * Decides whether the last build of an output succeeded. Nix sets the mtime of valid paths to 1,
   * and that of a refused output too; a build that succeeds removes the output's lock file, and any
   * other leaves it, a failed {@code --check} as well (measured with 2.8 and 2.34).
   */
  boolean isBuilt(StorePath output) {
    try {
      return Files.getLastModifiedTime(file(output), LinkOption.NOFOLLOW_LINKS).toMillis() == 1000
          && !Files.exists(Path.of(real, output.baseName() + ".lock"));
    } catch (IOException e) {
      return false;
    }
  }

  private Path file(StorePath path) {
    return Path.of(real, path.baseName());
  }

  /** Returns the name in the sandbox of a file of the host, when it lies in this store. */
  public ByteString logical(ByteString path) {
    ByteString start = ByteString.of(real + "/");
    return path.startsWith(start.latin1())
        ? new ByteString(directory.path() + "/" + path.latin1().substring(start.length()))
        : path;
  }

  /**
   * Returns the place on the host of a file below a store path. It follows links as they lead in
   * the sandbox: in a chroot store they name store paths that lie elsewhere on the host.
   *
   * @param path ASCII, in a store path ({@link StoreDirectory#containing})
   * @return a path without links, where no file need be
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
   * Lists the derivations of a name, sorted.
   *
   * @param name without {@code .drv}
   */
  List<StorePath> derivationsNamed(String name) {
    return named(name + ".drv");
  }

  /** Lists the store paths of a name, valid or not, sorted. */
  public List<StorePath> named(String file) {
    String[] entries = new File(real).list();
    if (entries == null) {
      throw unlistable();
    }
    List<StorePath> named = new ArrayList<>();
    for (String entry : entries) {
      // The name is compared as well: "-x.drv" also ends "…-y-x.drv".
      if (entry.endsWith("-" + file)) {
        StorePath.find(entry).filter(path -> path.name().equals(file)).ifPresent(named::add);
      }
    }
    Collections.sort(named);
    return named;
  }

  /** Lists once more, since {@link File#list} does not say why it cannot. */
  private Failure unlistable() {
    try (Stream<Path> entries = Files.list(Path.of(real))) {
      return new Failure("cannot list " + real, "it was not there for a moment", "try again");
    } catch (IOException e) {
      return new Failure("cannot list " + real, reason(e), "", e);
    }
  }

  /** Reads and parses a derivation. */
  public Derivation read(StorePath derivation) {
    Path file = file(derivation);
    try {
      // Opening a FIFO would wait for a writer.
      if (has(derivation) && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        throw new Malformed("it is not a regular file");
      }
      try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
        byte[] text = in.readNBytes(LARGEST_DERIVATION + 1);
        if (text.length > LARGEST_DERIVATION) {
          throw new Malformed("it is larger than 64 MiB");
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

  /** Returns the reason of a failure for a message. */
  public static String reason(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "it does not exist";
    }
    return e instanceof AccessDeniedException
        ? "permission denied (EACCES)"
        : String.valueOf(e.getMessage());
  }
}
