package nixbuildshell.session;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.files.Descriptor;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileContent;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Listing;
import nixbuildshell.files.Status;
import nixbuildshell.files.TreeCopy;
import nixbuildshell.files.TreeRemoval;

/**
 * Fills a new session. Each method throws a {@link nixbuildshell.Failure} when the session cannot
 * be written, and a {@link java.util.concurrent.CancellationException} when the copy is cancelled.
 */
public record WorkingCopy(Session session, TreeCopy copy) {
  /** Says what to try when a session cannot be written. */
  public static final String REMEDY = Session.REMEDY;

  /** Copies the content of a kept directory to the session's build directory. */
  public TreeCopy.Result copyBuild(Directory kept) {
    try (Directory build = session.open("build")) {
      return copy.contents(kept, build);
    }
  }

  /**
   * Requires that a file of the build directory has the content that was checked, and else replaces
   * it: an attacker may have written to the kept directory meanwhile.
   *
   * @return whether it was another one
   */
  public boolean restoreBuildFile(ByteString name, ByteString content) {
    try (Directory build = session.open("build")) {
      FileContent copied = FileContent.read(build, name, content.length());
      if (copied instanceof FileContent.Bytes same && ByteString.of(same.bytes()).equals(content)) {
        return false;
      }
    }
    writeBuildFile(name, content, 0600);
    return true;
  }

  /** Writes a file of the build directory, and replaces what has its name. */
  public void writeBuildFile(ByteString name, ByteString content, int mode) {
    try (Directory build = session.open("build")) {
      TreeRemoval.remove(build, name);
      try (Descriptor file = build.createFile(name, 0600)) {
        file.write(content.bytes());
        file.setMode(mode);
        if (copy.owner().isPresent()) {
          file.setOwner(copy.owner().get().uid(), copy.owner().get().gid());
        }
        file.closeWritten();
      }
    } catch (ErrnoException e) {
      throw e.failure("cannot write " + session.path() + "/build/" + name, "");
    }
  }

  /** Copies a file, link or directory of a kept directory, unless it is missing there. */
  public TreeCopy.Result copyBuildFile(Directory kept, ByteString name) {
    try (Directory build = session.open("build")) {
      return copy.entry(kept, name, build);
    }
  }

  /**
   * Reads a file that a program has left in the build directory; empty when there is no such
   * regular file, or it is too large.
   *
   * @param limit in bytes
   */
  public Optional<ByteString> takeBuildFile(ByteString name, int limit) {
    try (Directory build = session.open("build")) {
      Optional<ByteString> content =
          FileContent.read(build, name, limit) instanceof FileContent.Bytes file
              ? Optional.of(ByteString.of(file.bytes()))
              : Optional.empty();
      TreeRemoval.remove(build, name);
      return content;
    }
  }

  /**
   * Moves what another session's build directory and /tmp have and this session's lack.
   *
   * @param except names that stay
   * @return the names in the build directory that were moved
   */
  public List<ByteString> addFrom(Session other, Set<ByteString> except) {
    addFrom(other, "tmp", Set.of());
    return addFrom(other, "build", except);
  }

  private List<ByteString> addFrom(Session other, String directory, Set<ByteString> except) {
    List<ByteString> moved = new ArrayList<>();
    try (Directory from = other.open(directory);
        Directory to = session.open(directory)) {
      for (ByteString name : Listing.names(from)) {
        if (!except.contains(name) && to.find(name).isEmpty()) {
          from.moveShut(name, to);
          moved.add(name);
        }
      }
    } catch (ErrnoException e) {
      throw e.failure("cannot write in " + session.path() + "/" + directory, REMEDY);
    }
    return moved;
  }

  /** Gives an output in the session another name, unless it is not there. */
  public void renameOutput(ByteString from, ByteString to) {
    String changes = session.shownStore().isPresent() ? Session.VIEW : Session.UPPER;
    try (Directory outputs = session.open(changes)) {
      if (outputs.find(from).isPresent()) {
        outputs.rename(from, to);
      }
    } catch (ErrnoException e) {
      throw e.failure("cannot write " + session.path() + "/" + changes, REMEDY);
    }
  }

  /** Copies an output that the failed build left into a {@link ShownStore}. */
  public TreeCopy.Result copyShownOutput(Directory store, ByteString name) {
    try (Directory view = session.open(Session.VIEW)) {
      return copy.entry(store, name, view);
    }
  }

  /**
   * Copies such an output into the upper layer of an overlay of the whole store. A directory is
   * marked opaque: overlayfs would merge it with the real output below, whose files can be neither
   * written nor removed ({@code Documentation/filesystems/overlayfs.rst}).
   */
  public TreeCopy.Result copyOutput(Directory store, ByteString name) {
    try (Directory upper = session.open(Session.UPPER)) {
      TreeCopy.Result result = copy.entry(store, name, upper);
      try {
        makeOpaque(upper, name);
      } catch (ErrnoException e) {
        // A missing output could not be copied, as the result says.
        if (!e.missing()) {
          throw e.failure(
              "cannot make " + store.place().child(name) + " writable in the session", REMEDY);
        }
      }
      return result;
    }
  }

  /** Makes the directory writable first, which setting an attribute needs. */
  private static void makeOpaque(Directory upper, ByteString name) throws ErrnoException {
    Status status = upper.status(name);
    if (status.type() == FileType.DIRECTORY) {
      upper.setMode(name, 0700);
      try (Directory output = upper.openDirectory(name)) {
        output.self().setAttribute("user.overlay.opaque", new byte[] {'y'});
        output.self().setMode(status.mode());
      }
    }
  }
}
