package nixbuildshell.session;

import java.util.Optional;
import java.util.function.Function;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.console.ShellWord;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Status;

/**
 * Opens the base: the directory with all sessions of the caller. It must be private, the caller's,
 * and no link, because its content is trusted. The XDG Base Directory Specification gives its
 * place.
 */
final class BaseDirectory {
  private static final ByteString NAME = ByteString.of("nix-build-shell");
  private static final String REMEDY = "name another directory: --work-dir DIR";

  private final FileSystem files;
  private final Function<String, Optional<ByteString>> environment;
  private final boolean makes;
  private Optional<ByteString> passedOver = Optional.empty();

  /**
   * Makes a finder of the base.
   *
   * @param makes whether {@link #open} makes what is missing
   */
  BaseDirectory(
      FileSystem files, Function<String, Optional<ByteString>> environment, boolean makes) {
    this.files = files;
    this.environment = environment;
    this.makes = makes;
  }

  /**
   * Returns the option that the caller needs to find a session again, and a space. It is empty in
   * the caller's state directory, where the base's name has no user id.
   */
  static String option(ByteString session) {
    String base = session.latin1().substring(0, session.latin1().lastIndexOf('/'));
    int slash = base.lastIndexOf('/');
    return base.endsWith("/" + NAME.latin1())
        ? ""
        : "--work-dir " + ShellWord.quote(new ByteString(base.substring(0, slash))) + " ";
  }

  /**
   * Opens the base, and makes it if need be. Its name has the caller's user id where other users
   * may have a base too: in the directory of {@code --work-dir} and in /tmp.
   */
  Directory open(Optional<ByteString> workDirectory) {
    if (workDirectory.isPresent()) {
      return shared(workDirectory.get());
    }
    return stateHome()
        .flatMap(this::ownIn)
        .orElseGet(() -> shared(absolute("TMPDIR").orElse(ByteString.of("/tmp"))));
  }

  private Optional<ByteString> absolute(String variable) {
    return environment.apply(variable).filter(value -> value.startsWith("/"));
  }

  private Optional<ByteString> stateHome() {
    return absolute("XDG_STATE_HOME")
        .filter(path -> isOwn(path, true))
        .or(() -> absolute("HOME").filter(h -> isOwn(h, false)).map(h -> h.plus("/.local/state")));
  }

  /**
   * Decides whether a directory is the caller's. After sudo the variables may name another user's
   * directory, where root must make nothing.
   *
   * @param orParent whether the nearest directory above counts when this one is missing
   */
  private boolean isOwn(ByteString path, boolean orParent) {
    try (Directory directory = files.openDirectory(path)) {
      return directory.self().status().uid() == files.userId();
    } catch (ErrnoException e) {
      int slash = path.latin1().lastIndexOf('/');
      return orParent
          && e.missing()
          && slash > 0
          && isOwn(new ByteString(path.latin1().substring(0, slash)), true);
    }
  }

  /** Returns the caller's state directory when it is mounted noexec, and therefore not used. */
  Optional<ByteString> passedOver() {
    return passedOver;
  }

  /** Opens the base in the caller's state directory; empty when that cannot be used. */
  private Optional<Directory> ownIn(ByteString stateHome) {
    try (Directory parent = openOrMake(stateHome)) {
      if (parent.self().status().uid() != files.userId()) {
        return Optional.empty();
      } else if (parent.self().noExecution()) {
        passedOver = Optional.of(stateHome);
        return Optional.empty();
      }
      return Optional.of(openBase(parent, NAME));
    } catch (ErrnoException e) {
      return Optional.empty();
    }
  }

  private Directory shared(ByteString path) {
    try (Directory parent = openOrMake(path)) {
      return openBase(parent, NAME.plus("-" + files.userId()));
    } catch (ErrnoException e) {
      throw e.failure("cannot keep sessions in " + path, REMEDY);
    }
  }

  private Directory openOrMake(ByteString path) throws ErrnoException {
    try {
      return files.openDirectory(path);
    } catch (ErrnoException e) {
      String text = path.latin1().replaceAll("(?<=.)/+$", "");
      int slash = text.lastIndexOf('/');
      if (!makes || !e.missing() || text.isEmpty()) {
        throw e;
      }
      ByteString parentPath = new ByteString(slash < 0 ? "." : text.substring(0, slash + 1));
      try (Directory parent = openOrMake(parentPath)) {
        make(parent, new ByteString(text.substring(slash + 1)));
      }
      return files.openDirectory(path);
    }
  }

  private static void make(Directory parent, ByteString name) throws ErrnoException {
    try {
      parent.makeDirectory(name, 0700);
      try (Directory made = parent.openDirectory(name)) {
        made.self().setMode(0700);
      }
    } catch (ErrnoException e) {
      // Another run may have made it; opening it will show whether it is fit.
      if (!e.exists()) {
        throw e;
      }
    }
  }

  private Directory openBase(Directory parent, ByteString name) throws ErrnoException {
    if (makes) {
      make(parent, name);
    }
    String what = "cannot keep sessions in " + parent.place().child(name);
    // By name first: another user's directory may not open, and the message must say why.
    check(what, parent.status(name));
    Directory base = parent.openDirectory(name);
    try {
      check(what, base.self().status());
      if (base.self().noExecution()) {
        throw new Failure(
            what, "the file system is mounted noexec, so no build could run there", REMEDY);
      }
      return base;
    } catch (ErrnoException | Failure e) {
      base.close();
      throw e;
    }
  }

  private void check(String what, Status status) {
    if (status.type() != FileType.DIRECTORY) {
      throw new Failure(what, "it is " + status.type(), REMEDY);
    }
    if (status.uid() != files.userId()) {
      throw new Failure(what, "it belongs to user " + status.uid(), REMEDY);
    }
    if ((status.mode() & 077) != 0) {
      throw new Failure(
          what,
          String.format("other users may enter it (mode %04o)", status.mode()),
          "chmod 700 it when you know what is in it, or " + REMEDY);
    }
  }
}
