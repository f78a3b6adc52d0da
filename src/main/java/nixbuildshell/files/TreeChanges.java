package nixbuildshell.files;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;

/**
 * Lists what differs between a tree and its copy, without reading files: what was changed in the
 * copy since it was complete, and what is gone from it. Links are not followed, and devices not
 * opened, since an attacker may have made either tree.
 *
 * @param before the tree that was copied
 * @param after the copy
 * @param changes decides by ctime
 * @param passedOver names at the top that are left out
 */
public record TreeChanges(
    Directory before, Directory after, Changes changes, Set<ByteString> passedOver) {
  /** Bounds the lists: an attacker can make any number of files. */
  private static final int MOST = 100_000;

  /**
   * Describes a file that differs, or may.
   *
   * @param path relative to the tree
   * @param before empty for a new file
   * @param after empty for a file that is gone
   * @param place the time when the directory that has or had it was last changed; of a directory
   *     that was moved here with its files, the time when that was
   */
  public record Change(
      ByteString path, Optional<Status> before, Optional<Status> after, Status.Time place) {}

  /**
   * Returns the changes to everything but directories, sorted by path.
   *
   * @throws ErrnoException when one of the trees cannot be read, more than 100,000 files differ, or
   *     {@code changes} says to stop
   */
  public List<Change> list() throws ErrnoException {
    List<Change> found = new ArrayList<>();
    List<ByteString> directories = new ArrayList<>(List.of(ByteString.EMPTY));
    // Of a directory that was renamed, the files have the ctimes that they had.
    ByteString[] renamed = {new ByteString("/")};
    Status.Time[] when = {null};
    walk(
        after,
        ByteString.EMPTY,
        (path, status, place) -> {
          if (passedOver.contains(top(path))) {
            return;
          }
          boolean isInRenamed = path.startsWith(renamed[0].latin1() + "/");
          if (status.type() == FileType.DIRECTORY) {
            directories.add(path);
            if (!isInRenamed && changes.isChanged(status) && !isDirectory(find(before, path))) {
              renamed[0] = path;
              when[0] = status.changed();
            }
          } else if (changes.isChanged(status)) {
            add(found, new Change(path, find(before, path), Optional.of(status), place));
          } else if (isInRenamed) {
            add(found, new Change(path, Optional.empty(), Optional.of(status), when[0]));
          }
        });
    for (ByteString directory : directories) {
      addGone(directory, found);
    }
    found.sort((one, other) -> one.path().compareTo(other.path()));
    return found;
  }

  private static boolean isDirectory(Optional<Status> status) {
    return status.filter(it -> it.type() == FileType.DIRECTORY).isPresent();
  }

  /** Adds what one directory of the copy lacks: only where the directory itself was changed. */
  private void addGone(ByteString path, List<Change> found) throws ErrnoException {
    try (Directory now = open(after, path);
        Directory then = open(before, path)) {
      Status.Time place = now.self().status().modified();
      if (!changes.isChanged(now.self().status())) {
        return;
      }
      Set<ByteString> left = new HashSet<>(Listing.names(now));
      for (ByteString name : Listing.names(then)) {
        if (!left.contains(name) && !passedOver.contains(below(path, name))) {
          addGone(then, name, below(path, name), place, found);
        }
      }
    } catch (ErrnoException e) {
      // A new directory is not in the tree before. What cannot be read was not copied either.
      if (!e.missing() && !e.notDirectory() && !e.denied()) {
        throw e;
      }
    }
  }

  private void addGone(
      Directory in, ByteString name, ByteString path, Status.Time place, List<Change> found)
      throws ErrnoException {
    Status status = in.status(name);
    if (status.type() != FileType.DIRECTORY) {
      add(found, new Change(path, Optional.of(status), Optional.empty(), place));
      return;
    }
    try (Directory directory = in.openDirectory(name)) {
      walk(
          directory,
          path,
          (file, each, any) -> {
            if (each.type() != FileType.DIRECTORY) {
              add(found, new Change(file, Optional.of(each), Optional.empty(), place));
            }
          });
    }
  }

  private static void add(List<Change> found, Change change) throws ErrnoException {
    if (found.size() == MOST) {
      throw new ErrnoException(Syscall.STATX, Errno.EOVERFLOW);
    }
    found.add(change);
  }

  private interface Visitor {
    void visit(ByteString path, Status status, Status.Time place) throws ErrnoException;
  }

  /** Visits everything below a directory. A directory that cannot be opened is passed over. */
  private void walk(Directory root, ByteString start, Visitor visitor) throws ErrnoException {
    try (Descent descent = new Descent(root)) {
      for (Optional<Descent.Found> next = step(descent); next.isPresent(); next = step(descent)) {
        Directory in = next.get().in();
        ByteString name = next.get().name();
        Optional<Status> status = in.find(name);
        if (status.isEmpty()) {
          continue; // A program of the session has removed it meanwhile.
        }
        Place place = descent.place().child(name);
        visitor.visit(
            below(start, place.pathBelow(root.place())), status.get(), descent.status().modified());
        if (status.get().type() == FileType.DIRECTORY) {
          enter(in, name, descent);
        }
      }
    }
  }

  private Optional<Descent.Found> step(Descent descent) throws ErrnoException {
    if (changes.stop().getAsBoolean()) {
      throw new ErrnoException(Syscall.GETDENTS64, Errno.EINTR);
    }
    return descent.step(() -> {});
  }

  private static void enter(Directory in, ByteString name, Descent descent) throws ErrnoException {
    try {
      Directory opened = in.openDirectory(name);
      descent.enter(opened.place(), opened, opened.self().status());
    } catch (ErrnoException e) {
      if (!e.denied() && !e.missing()) {
        throw e;
      }
    }
  }

  private static ByteString top(ByteString path) {
    int slash = path.latin1().indexOf('/');
    return slash < 0 ? path : new ByteString(path.latin1().substring(0, slash));
  }

  private static ByteString below(ByteString directory, ByteString name) {
    return directory.isEmpty() ? name : directory.plus("/").plus(name);
  }

  /** Opens a directory by a path of names, through no link. */
  public static Directory open(Directory root, ByteString path) throws ErrnoException {
    Directory at = root.reopen();
    for (String name : path.latin1().split("/")) {
      if (!name.isEmpty()) {
        try (Directory above = at) {
          at = above.openDirectory(new ByteString(name));
        }
      }
    }
    return at;
  }

  private static Optional<Status> find(Directory root, ByteString path) throws ErrnoException {
    int slash = path.latin1().lastIndexOf('/');
    ByteString name = new ByteString(path.latin1().substring(slash + 1));
    try (Directory directory =
        open(root, new ByteString(path.latin1().substring(0, Math.max(0, slash))))) {
      return directory.find(name);
    } catch (ErrnoException e) {
      if (e.missing() || e.notDirectory()) {
        return Optional.empty();
      }
      throw e;
    }
  }
}
