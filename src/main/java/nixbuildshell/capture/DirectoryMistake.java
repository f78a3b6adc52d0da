package nixbuildshell.capture;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.console.ShellWord;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.FileType;
import nixbuildshell.nix.Caller;
import nixbuildshell.store.KeptName;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StorePath;

/**
 * Says what a DIR is that is no kept directory: a derivation, an output, a flake reference, a file,
 * a directory in a kept one, or one that is gone.
 *
 * @param argument DIR as the caller gave it
 */
record DirectoryMistake(Caller caller, FileSystem files, NixStore nix, ByteString argument) {
  private static final int MOST_NAMED = 10;
  private static final String WANTED = "DIR is the directory that Nix kept of a failed build";
  private static final Pattern FLAKE =
      Pattern.compile(
          "[^#]*#.*|(?:github|gitlab|sourcehut|flake|path|tarball|indirect|git|git\\+[a-z]+"
              + "|hg\\+[a-z]+|https?|tarball\\+[a-z]+):.+");

  /** Returns the kept directories of this host. */
  KeptDirectories host() {
    return new KeptDirectories(caller, files, nix);
  }

  /**
   * Checks a DIR that is a path.
   *
   * @throws Failure when it is one of these mistakes; other faults show when it is opened
   */
  void check() {
    try (Directory directory = files.openDirectory(argument)) {
      ByteString path = directory.place().path();
      if (nix.directory().has(nix.logical(path))) {
        throw inStore(nix.logical(path));
      }
      Optional<ByteString> kept = keptAbove(path);
      if (kept.isPresent() && !files.has(path.plus("/" + KeptEnvVars.NAME))) {
        throw failure(
            "it lies in a directory that Nix kept, and the whole is wanted", enter(kept.get()));
      }
    } catch (ErrnoException e) {
      if (e.missing()) {
        throw missing(e);
      } else if (e.notDirectory() && files.typeAt(argument).isPresent()) {
        throw file(e);
      }
    }
  }

  /**
   * Returns the failure for a word that is no path.
   *
   * @param all the kept directories, the newest first
   */
  Failure unknown(List<KeptDirectories.Found> all) {
    if (FLAKE.matcher(argument.latin1()).matches()) {
      return flake();
    } else if (files.has(argument)) {
      return file(absolute(), "not a directory");
    }
    String where =
        host().places().stream().map(ByteString::toString).collect(Collectors.joining(", "));
    return all.isEmpty()
        ? failure(
            "it is no directory, and Nix kept none that you can read in " + where,
            "build with --keep-failed, or give a path")
        : new Failure(
            "cannot enter " + argument,
            "it is no directory, and no kept failure in " + where + " has this ID",
            "",
            newest(all));
  }

  private Failure missing(ErrnoException e) {
    String text = argument.latin1();
    if (nix.directory().has(argument)) {
      return inStore(argument);
    } else if (FLAKE.matcher(text).matches()) {
      return flake();
    }
    List<KeptDirectories.Found> all = host().newestFirst();
    List<String> lines = new ArrayList<>(newest(all));
    ByteString path = absolute();
    List<String> rules =
        KeptName.at(path).isPresent()
            ? TmpfilesRules.of(caller).thatRemove(path.latin1())
            : List.of();
    if (!rules.isEmpty()) {
      lines.add("these rules of systemd-tmpfiles may have removed it:");
      rules.forEach(rule -> lines.add("  " + rule));
    }
    String remedy = all.isEmpty() ? "build with --keep-failed" : "";
    return new Failure("cannot enter " + quoted(), e.why(), remedy, lines);
  }

  private String quoted() {
    return argument.isEmpty() ? "''" : argument.toString();
  }

  private Failure file(ErrnoException e) {
    ByteString path = absolute();
    return nix.directory().has(nix.logical(path)) || path.latin1().endsWith(".drv")
        ? inStore(nix.logical(path))
        : file(path, e.why());
  }

  private Failure file(ByteString path, String why) {
    String text = path.latin1();
    ByteString parent = new ByteString(text.substring(0, Math.max(1, text.lastIndexOf('/'))));
    boolean kept =
        text.endsWith("/" + KeptEnvVars.NAME)
            || KeptName.at(parent).isPresent()
            || keptAbove(parent).isPresent();
    return failure(
        "it is " + files.typeAt(argument).map(FileType::toString).orElse("a file") + ": " + why,
        kept ? enter(keptAbove(parent).orElse(parent)) : "name the directory that Nix kept");
  }

  private Failure flake() {
    return failure(
        "it looks like a flake reference, and " + WANTED,
        "nix build --keep-failed "
            + ShellWord.quote(argument)
            + ", and then: nix-build-shell last; or without a failure: nix-build-shell fresh "
            + ShellWord.quote(argument));
  }

  /** Returns the failure for a path of the store, which never is a kept directory. */
  private Failure inStore(ByteString path) {
    Optional<StorePath> known = storePath(path);
    boolean derivation = path.latin1().endsWith(".drv");
    String name = known.map(StorePath::name).orElse("").replaceAll("\\.drv$", "");
    List<KeptDirectories.Found> all = host().newestFirst();
    List<KeptDirectories.Found> named =
        all.stream()
            .filter(
                each ->
                    KeptName.at(each.path()).flatMap(KeptName::derivation).stream()
                        .anyMatch(name::equals))
            .toList();
    List<String> lines =
        named.isEmpty()
            ? newest(all)
            : Stream.concat(
                    Stream.of("the kept failures of this name are, the newest first:"),
                    lines(named).stream())
                .toList();
    return new Failure(
        "cannot enter " + argument,
        (derivation ? "it is a derivation of which" : "it lies in the store, and of it")
            + " no kept failure is found; "
            + WANTED,
        derivation
            ? "nix-store --realise --keep-failed "
                + ShellWord.quote(path)
                + ", and then: nix-build-shell last; or without a failure: nix-build-shell fresh "
                + ShellWord.quote(path)
            : "build it with --keep-failed, and then: nix-build-shell last; or without a failure:"
                + " nix-build-shell fresh "
                + ShellWord.quote(path),
        lines);
  }

  private Optional<StorePath> storePath(ByteString path) {
    try {
      return Optional.of(nix.directory().containing(path));
    } catch (Malformed e) {
      return Optional.empty();
    }
  }

  /** Returns the kept directory that a path lies below, by its name or its manifest. */
  private Optional<ByteString> keptAbove(ByteString path) {
    if (KeptName.at(path).isPresent()) {
      return Optional.empty();
    }
    String text = path.latin1();
    for (int end = text.lastIndexOf('/'); end > 0; end = text.lastIndexOf('/', end - 1)) {
      ByteString above = new ByteString(text.substring(0, end));
      Optional<KeptName> name = KeptName.at(above);
      if (name.isPresent()
          ? !name.get().isLix() || text.startsWith("/" + name.get().inner() + "/", end)
          : files.has(above.plus("/" + Manifest.PATH))) {
        return Optional.of(above);
      }
    }
    return Optional.empty();
  }

  /** Returns the argument as an absolute path, as far as the working directory has one. */
  private ByteString absolute() {
    if (argument.startsWith("/")) {
      return argument;
    }
    try (Directory here = files.openDirectory(ByteString.of("."))) {
      return here.place().child(argument).path();
    } catch (ErrnoException e) {
      return argument;
    }
  }

  private Failure failure(String why, String remedy) {
    return new Failure("cannot enter " + quoted(), why, remedy);
  }

  private static String enter(ByteString path) {
    return "nix-build-shell " + ShellWord.quote(path);
  }

  private static List<String> newest(List<KeptDirectories.Found> all) {
    return all.isEmpty()
        ? List.of()
        : Stream.concat(Stream.of("the newest kept failures are:"), lines(all).stream()).toList();
  }

  /** Returns kept directories, one a line. */
  static List<String> lines(List<KeptDirectories.Found> found) {
    int shown = Math.min(MOST_NAMED, found.size());
    List<String> lines = new ArrayList<>();
    found.subList(0, shown).forEach(each -> lines.add("  " + each));
    if (shown < found.size()) {
      lines.add("  and " + (found.size() - shown) + " more");
    }
    return lines;
  }
}
