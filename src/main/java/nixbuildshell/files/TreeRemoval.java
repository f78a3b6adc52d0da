package nixbuildshell.files;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.abi.Errno;

/**
 * Deletes a tree, through no link and no mount point. It also deletes unreadable directories: an
 * overlay's work directory has one of mode 000. Another process may delete the tree meanwhile.
 */
public final class TreeRemoval {
  /** The number of times that a directory is read until it is empty. */
  private static final int PASSES = 10;

  /**
   * Names what could not be deleted.
   *
   * @param why errno's name and meaning, or a phrase
   */
  public record Leftover(ByteString path, String why) {
    public Failure failure() {
      return new Failure("cannot delete " + path, why, "");
    }
  }

  private final Descent descent;
  private final BooleanSupplier stop;
  private final Deque<Integer> passes = new ArrayDeque<>();
  private Optional<Leftover> leftover = Optional.empty();

  private TreeRemoval(Descent descent, BooleanSupplier stop) {
    this.descent = descent;
    this.stop = stop;
  }

  /**
   * Deletes a file, or a directory with its content.
   *
   * @return the first thing that could not be deleted; empty when nothing is left
   */
  public static Optional<Leftover> remove(Directory parent, ByteString name) {
    return remove(parent, name, () -> false);
  }

  /**
   * Deletes a file, or a directory with its content, until told to stop.
   *
   * @param stop asked before every entry
   * @return the first thing that could not be deleted; empty when there was none
   */
  public static Optional<Leftover> remove(Directory parent, ByteString name, BooleanSupplier stop) {
    try (Descent descent = new Descent(parent)) {
      TreeRemoval removal = new TreeRemoval(descent, stop);
      removal.removeEntry(parent, name, FileType.UNKNOWN);
      removal.walk();
      return removal.leftover;
    } catch (ErrnoException e) {
      return Optional.of(new Leftover(parent.place().child(name).path(), e.why()));
    }
  }

  private void walk() throws ErrnoException {
    while (descent.depth() > 0 && !stop.getAsBoolean()) {
      try {
        Optional<Directory> directory = descent.current();
        Optional<Listing.Entry> entry =
            directory.isPresent() ? descent.next(directory.get()) : Optional.empty();
        if (entry.isPresent()) {
          removeEntry(directory.get(), entry.get().name(), entry.get().type());
          continue;
        }
      } catch (ErrnoException e) {
        // It may be gone; what is still there shows when its directory is removed.
      }
      leave();
    }
  }

  private void removeEntry(Directory in, ByteString name, FileType type) {
    try {
      if (type == FileType.DIRECTORY) {
        removeDirectory(in, name);
      } else {
        in.removeFile(name);
      }
    } catch (ErrnoException e) {
      if (e.is(Errno.EISDIR)) {
        removeEntry(in, name, FileType.DIRECTORY);
      } else if (e.notDirectory()) {
        removeEntry(in, name, FileType.REGULAR);
      } else {
        remains(in.place().child(name), e);
      }
    }
  }

  /** Removes a directory at once, in case it is empty. */
  private void removeDirectory(Directory in, ByteString name) throws ErrnoException {
    try {
      in.removeDirectory(name);
    } catch (ErrnoException e) {
      if (e.missing() || e.notDirectory()) {
        throw e;
      }
      enter(in, name, 1);
    }
  }

  private void enter(Directory in, ByteString name, int pass) throws ErrnoException {
    Directory opened;
    try {
      opened = in.openDirectory(name);
    } catch (ErrnoException e) {
      if (!e.denied()) {
        throw e;
      }
      in.setMode(name, 0700);
      opened = in.openDirectory(name);
    }
    try {
      Status status = opened.self().status();
      if (status.mountPoint()) {
        remains(in.place().child(name), "something is mounted there");
        opened.close();
        return;
      }
      if ((status.mode() & 0700) != 0700) {
        opened.self().setMode(0700);
      }
      descent.enter(opened.place(), opened, status);
    } catch (ErrnoException e) {
      opened.close();
      throw e;
    }
    passes.push(pass);
  }

  /** Removes the directory that should be empty now, or reads it again. */
  private void leave() {
    int pass = passes.pop();
    ByteString name = descent.place().name();
    descent.leave();
    Optional<Directory> parent = Optional.empty();
    try {
      parent = descent.current();
      if (parent.isPresent()) {
        parent.get().removeDirectory(name);
      }
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOTEMPTY, Errno.EEXIST)
          && parent.isPresent()
          && leftover.isEmpty()
          && pass < PASSES) {
        again(parent.get(), name, pass + 1);
      } else if (parent.isPresent()) {
        remains(parent.get().place().child(name), e);
      }
    }
  }

  private void again(Directory parent, ByteString name, int pass) {
    try {
      enter(parent, name, pass);
    } catch (ErrnoException e) {
      remains(parent.place().child(name), e);
    }
  }

  private void remains(Place place, ErrnoException e) {
    if (!e.missing()) {
      remains(place, e.why());
    }
  }

  private void remains(Place place, String why) {
    if (leftover.isEmpty()) {
      leftover = Optional.of(new Leftover(place.path(), why));
    }
  }
}
