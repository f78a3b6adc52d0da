package nixbuildshell.view;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.nix.Caller;
import nixbuildshell.sandbox.OwnPaths;
import nixbuildshell.session.Remembered;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StoreDirectory;
import nixbuildshell.store.StoreUri;

/**
 * Decides which store the build was of, as Nix does: by {@code --store}, its setting {@code store}
 * or NIX_REMOTE, and by NIX_STORE_DIR, NIX_STATE_DIR and NIX_LOG_DIR (globals.cc).
 */
public final class StoreChoice {
  private static final Pattern PLAIN = Pattern.compile("(/[A-Za-z0-9+._=-]+)+");

  private final Caller caller;
  private final FileSystem files;
  private final String said;

  private StoreChoice(Caller caller, FileSystem files, String said) {
    this.caller = caller;
    this.files = files;
    this.said = said;
  }

  /**
   * Returns the store that the caller means.
   *
   * @param option {@code --store}
   * @throws Failure when it is not on this machine, or another user could exchange what is in it
   */
  public static NixStore of(Caller caller, FileSystem files, Optional<ByteString> option) {
    Optional<ByteString> named =
        option.or(() -> caller.settings().get("store")).or(() -> caller.environment("NIX_REMOTE"));
    Optional<StoreUri> uri = named.flatMap(StoreUri::parse);
    if (option.isPresent() && uri.isEmpty()) {
      throw new Failure(
          "cannot use --store " + option.get(),
          "this machine has no such store",
          "give the root directory of one, or local?root=DIRECTORY");
    }
    String said =
        option.isPresent()
            ? "--store " + option.get()
            : uri.filter(StoreUri::saysMore)
                .map(x -> "the store " + named.get())
                .orElse("NIX_STORE_DIR");
    return new StoreChoice(caller, files, said).store(uri.orElse(StoreUri.NONE));
  }

  private NixStore store(StoreUri uri) {
    String directory =
        uri.get("store")
            .or(() -> caller.environment("NIX_STORE_DIR"))
            .or(() -> caller.environment("NIX_STORE"))
            .map(this::storeDirectory)
            .orElse(StoreDirectory.DEFAULT.path());
    Optional<ByteString> root = uri.root().map(this::canonical);
    String real =
        spelled(
            uri.get("real")
                .or(() -> root.map(path -> path.plus("/nix/store")))
                .orElse(ByteString.of(directory)));
    String state = beside(uri.get("state"), root, "NIX_STATE_DIR", "/nix/var/nix");
    String logs = beside(uri.get("log"), root, "NIX_LOG_DIR", "/nix/var/log/nix");
    Optional<String> told = Optional.of(uri.text(root).toString()).filter(text -> uri.saysMore());
    NixStore store = new NixStore(new StoreDirectory(directory), real, state, logs, told);
    return real.equals(NixStore.DEFAULT.real()) ? store : guarded(store);
  }

  private String beside(
      Optional<ByteString> given, Optional<ByteString> root, String variable, String usual) {
    return spelled(
        given
            .or(() -> root.map(path -> path.plus(usual)))
            .or(() -> caller.environment(variable))
            .orElse(ByteString.of(usual)));
  }

  /** Returns the directory that all store paths begin with, in normal form. */
  private String storeDirectory(ByteString path) {
    String text = path.latin1().replaceAll("/+", "/").replaceAll("(?<=.)/$", "");
    boolean plain =
        PLAIN.matcher(text).matches()
            && Stream.of(text.split("/")).noneMatch(n -> n.matches("\\.\\.?"));
    if (!plain) {
      throw refused(path + " is no plain absolute path", "");
    }
    Optional<String> taken = OwnPaths.top(text);
    if (taken.isPresent()) {
      throw refused(
          path + " cannot be in a sandbox, which has a " + taken.get() + " of its own", "");
    }
    return text;
  }

  private ByteString canonical(ByteString path) {
    try (Directory directory = files.openDirectory(path)) {
      return directory.place().path();
    } catch (ErrnoException e) {
      throw e.failure("cannot use " + said + ": " + path, "");
    }
  }

  /** Returns a path as programs and the JDK get it, spelled by the locale. */
  private String spelled(ByteString path) {
    String text = path.toString();
    try {
      if (!ByteString.of(Path.of(text).toString()).equals(path) || text.indexOf('?') >= 0) {
        throw refused("Nix's programs cannot be given the name " + path, "");
      }
      return text;
    } catch (InvalidPathException e) {
      throw refused("the locale cannot spell " + path, "set LC_ALL=C.UTF-8");
    }
  }

  /** Returns the store that a session remembers, which must still be safe. */
  public static NixStore again(Caller caller, FileSystem files, Optional<Remembered.Store> before) {
    return before
        .map(store -> new StoreChoice(caller, files, "the session's store").again(store))
        .orElse(NixStore.DEFAULT);
  }

  private NixStore again(Remembered.Store store) {
    return guarded(
        new NixStore(
            new StoreDirectory(storeDirectory(store.directory())),
            spelled(store.real()),
            spelled(store.state()),
            spelled(store.logs()),
            store.uri().map(ByteString::toString)));
  }

  /** Returns what {@link #again} needs; empty for Nix's default store. */
  public static Optional<Remembered.Store> remembered(NixStore store) {
    return store.isDefault()
        ? Optional.empty()
        : Optional.of(
            new Remembered.Store(
                ByteString.of(store.directory().path()),
                ByteString.of(store.real()),
                ByteString.of(store.state()),
                ByteString.of(store.logs()),
                store.uri().map(ByteString::of)));
  }

  /**
   * Returns the store by its path without links, and requires that only root and the caller can
   * exchange anything on it. Otherwise an attacker could put a link to any directory of the host in
   * place of a store path while it is mounted. The logs must be as safe, because they decide on the
   * network. The owner of the root directory can do everything anyway.
   */
  private NixStore guarded(NixStore store) {
    String real = spelled(canonical(ByteString.of(store.real())));
    requireOwn(real);
    ByteString logs = ByteString.of(store.logs());
    if (files.has(logs)) {
      requireOwn(spelled(canonical(logs)));
    }
    return new NixStore(store.directory(), real, store.state(), store.logs(), store.uri());
  }

  private void requireOwn(String path) {
    try {
      long system = files.statusAt(ByteString.of("/")).uid();
      for (int slash = 0; slash >= 0; slash = path.indexOf('/', slash + 1)) {
        requireOwn(path.substring(0, slash), system);
      }
      requireOwn(path, system);
    } catch (ErrnoException e) {
      throw e.failure("cannot use " + said + ": " + path, "");
    }
  }

  private void requireOwn(String prefix, long system) throws ErrnoException {
    String path = prefix.isEmpty() ? "/" : prefix;
    var status = files.statusAt(ByteString.of(path));
    boolean shared = (status.mode() & 02) != 0 && (status.mode() & 01000) == 0;
    if (status.uid() != 0 && status.uid() != system && status.uid() != caller.uid()) {
      throw refused(
          path + " belongs to user " + status.uid() + ", who could exchange what is in it",
          "run nix-build-shell as that user");
    } else if (shared) {
      throw refused("every user can write to " + path, "chmod o-w " + path);
    }
  }

  private Failure refused(String why, String remedy) {
    return new Failure("cannot use " + said, why, remedy);
  }
}
