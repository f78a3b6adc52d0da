package nixbuildshell.session;

import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import nixbuildshell.ByteString;
import nixbuildshell.files.Descriptor;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileContent;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Listing;
import nixbuildshell.files.Owner;
import nixbuildshell.files.Status;
import nixbuildshell.files.TreeRemoval;

/**
 * Writes and reads {@code .nix-build-shell/shell} in a session's build directory, which has what
 * the shell at the failure needs. A hostile build, or the caller in an earlier shell, may have put
 * anything there: nothing is followed, and what stands in the way gets another name.
 */
public final class ShellDirectory {
  private static final ByteString SHELL = ByteString.of("shell");

  private final Session session;
  private final Optional<Owner> owner;

  /**
   * @param owner the build user, when root runs the tool
   */
  public ShellDirectory(Session session, Optional<Owner> owner) {
    this.session = session;
    this.owner = owner;
  }

  /** Returns the directory's path in the sandbox. */
  public static String path(String buildDirectory) {
    return buildDirectory + "/" + Session.OWN + "/" + SHELL;
  }

  /**
   * Makes the directory anew.
   *
   * @param files their content, by name
   * @param kept decides by name whether a regular file that is there stays
   * @throws nixbuildshell.Failure when it cannot be written
   */
  public void fill(Map<String, ByteString> files, Predicate<ByteString> kept) {
    try (Directory build = openBuild();
        Directory own = makeOwn(build);
        Directory shell = makeShell(own, kept)) {
      for (Map.Entry<String, ByteString> file : files.entrySet()) {
        write(shell, ByteString.of(file.getKey()), file.getValue());
      }
    } catch (ErrnoException e) {
      throw e.failure("cannot write " + session.path() + "/build/" + Session.OWN, Session.REMEDY);
    }
  }

  /**
   * Reads a file that a program in the sandbox may have written; empty when there is no such
   * regular file, or it is too large.
   *
   * @param limit in bytes
   */
  public Optional<ByteString> read(String name, int limit) {
    try (Directory build = session.directory().openDirectory(ByteString.of("build"))) {
      String path = Session.OWN.latin1() + "/" + SHELL.latin1() + "/" + name;
      return FileContent.below(build, path, limit) instanceof FileContent.Bytes file
          ? Optional.of(ByteString.of(file.bytes()))
          : Optional.empty();
    } catch (ErrnoException e) {
      return Optional.empty();
    }
  }

  /** Opens the build directory, which its owner may have shut. */
  private Directory openBuild() throws ErrnoException {
    ByteString name = ByteString.of("build");
    Status status = session.directory().status(name);
    if ((status.mode() & 0700) != 0700) {
      session.directory().setMode(name, status.mode() | 0700);
    }
    return session.directory().openDirectory(name);
  }

  private Directory makeOwn(Directory build) throws ErrnoException {
    Optional<Status> there = build.find(Session.OWN);
    if (there.filter(status -> status.type() != FileType.DIRECTORY).isPresent()) {
      moveAside(build, Session.OWN);
      there = Optional.empty();
    }
    if (there.isEmpty()) {
      make(build, Session.OWN);
    } else if ((there.get().mode() & 0700) != 0700) {
      build.setMode(Session.OWN, there.get().mode() | 0700);
    }
    return build.openDirectory(Session.OWN);
  }

  private Directory makeShell(Directory own, Predicate<ByteString> kept) throws ErrnoException {
    Optional<Status> there = own.find(SHELL);
    if (there.filter(status -> status.type() == FileType.DIRECTORY).isPresent()) {
      own.setMode(SHELL, 0755);
      Directory shell = own.openDirectory(SHELL);
      if (hasLeft(shell, kept)) {
        return shell;
      }
      shell.close();
    }
    if (there.isPresent()) {
      moveAside(own, SHELL);
    }
    make(own, SHELL);
    return own.openDirectory(SHELL);
  }

  /** Removes all but what is kept; returns whether all of that is gone. */
  private static boolean hasLeft(Directory shell, Predicate<ByteString> kept)
      throws ErrnoException {
    for (ByteString name : Listing.names(shell)) {
      boolean stays = kept.test(name) && shell.status(name).type() == FileType.REGULAR;
      if (!stays && TreeRemoval.remove(shell, name).isPresent()) {
        return false;
      }
    }
    return true;
  }

  private void make(Directory parent, ByteString name) throws ErrnoException {
    parent.makeDirectory(name, 0700);
    if (owner.isPresent()) {
      parent.setOwner(name, owner.get().uid(), owner.get().gid());
    }
    parent.setMode(name, 0755);
  }

  private void write(Directory shell, ByteString name, ByteString content) throws ErrnoException {
    try (Descriptor file = shell.createFile(name, 0600)) {
      file.write(content.bytes());
      if (owner.isPresent()) {
        file.setOwner(owner.get().uid(), owner.get().gid());
      }
      file.closeWritten();
    }
  }

  private static void moveAside(Directory in, ByteString name) throws ErrnoException {
    int number = 1;
    while (in.find(name.plus(".moved-" + number)).isPresent()) {
      number++;
    }
    in.rename(name, name.plus(".moved-" + number));
  }
}
