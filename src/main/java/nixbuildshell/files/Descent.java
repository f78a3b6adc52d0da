package nixbuildshell.files;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;

/**
 * Walks through a tree, and holds the directories from the root down to the current one.
 *
 * <p>Only the nearest directories stay open, because a tree of thousands of levels would use up the
 * descriptors. The walk reaches a closed directory by the ".." of its child, at the same cost at
 * any depth. When the child was moved, it goes by names from the nearest open ancestor, through no
 * link. Either way it must find the same directory as before.
 */
final class Descent implements AutoCloseable {
  /** The number of levels that stay open below the root. */
  static final int OPEN_AT_MOST = 12;

  /** Below this many levels the listings, one of each level in memory, come in small pieces. */
  private static final int DEEP = 64;

  private static final class Level {
    final Place place;
    final Status status;
    final Listing listing;
    Directory open;

    Level(Place place, Status status, Directory open, Listing listing) {
      this.place = place;
      this.status = status;
      this.open = open;
      this.listing = listing;
    }
  }

  private final Directory root;
  private final List<Level> levels = new ArrayList<>();

  /** The first level that names did not reach; they are not tried again. */
  private int lostFrom = Integer.MAX_VALUE;

  /**
   * @param root stays open: its user closes it
   */
  Descent(Directory root) throws ErrnoException {
    this.root = root;
    enter(root.place(), root, root.self().status());
  }

  /** Returns the number of levels below the root; -1 when the walk has left that. */
  int depth() {
    return levels.size() - 1;
  }

  /** Returns the current directory's place when the walk entered it. */
  Place place() {
    return levels.get(depth()).place;
  }

  /** Returns the current directory's status when the walk entered it. */
  Status status() {
    return levels.get(depth()).status;
  }

  /**
   * Returns the next entry of the current directory.
   *
   * @param current the result of {@link #current}
   */
  Optional<Listing.Entry> next(Directory current) throws ErrnoException {
    return levels.get(depth()).listing.next(current);
  }

  /** Describes an entry where the walk has come to it. */
  record Found(Directory in, ByteString name) {}

  /**
   * Returns the next entry of the tree, and leaves the directories that have no more; empty at the
   * end.
   *
   * @param lost called for a directory in whose place there is another
   */
  Optional<Found> step(Runnable lost) throws ErrnoException {
    while (depth() >= 0) {
      Optional<Directory> directory = current();
      if (directory.isEmpty()) {
        lost.run();
      } else {
        Optional<Listing.Entry> entry = next(directory.get());
        if (entry.isPresent()) {
          return Optional.of(new Found(directory.get(), entry.get().name()));
        }
      }
      leave();
    }
    return Optional.empty();
  }

  /**
   * Enters a directory of the current one.
   *
   * @param opened closed when the walk leaves it, or earlier
   */
  void enter(Place place, Directory opened, Status status) {
    levels.add(
        new Level(place, status, opened, depth() > DEEP ? new Listing(4096) : new Listing()));
    int tooMany = depth() - OPEN_AT_MOST;
    if (tooMany > 0) {
      close(levels.get(tooMany));
    }
  }

  void leave() {
    close(remove());
  }

  /**
   * Leaves a directory below the root, and returns it for the caller to close; empty when it is
   * closed.
   */
  Optional<Directory> leaveOpen() {
    return Optional.ofNullable(remove().open);
  }

  private Level remove() {
    Level left = levels.remove(depth());
    if (depth() >= 0) {
      Level above = levels.get(depth());
      if (above.open == null && left.open != null) {
        above.open = parent(left.open, above.status);
      }
    }
    if (depth() < lostFrom) {
      lostFrom = Integer.MAX_VALUE;
    }
    return left;
  }

  /** Opens the directory above; null unless the walk came through that. */
  private static Directory parent(Directory directory, Status expected) {
    try {
      Directory parent = directory.openParent();
      if (parent.self().status().same(expected)) {
        return parent;
      }
      parent.close();
    } catch (ErrnoException e) {
      // It may be shut, or gone; the names may still lead there.
    }
    return null;
  }

  /**
   * Returns the current directory, opened again if need be.
   *
   * @return empty when there is another directory in its place
   * @throws ErrnoException when it cannot be opened any more
   */
  Optional<Directory> current() throws ErrnoException {
    int open = depth();
    while (levels.get(open).open == null) {
      open--;
    }
    if (open < depth() && depth() < lostFrom) {
      reopenBelow(open);
    }
    return Optional.ofNullable(levels.get(depth()).open);
  }

  private void reopenBelow(int open) throws ErrnoException {
    for (int i = open + 1; i < levels.size(); i++) {
      Level parent = levels.get(i - 1);
      Level level = levels.get(i);
      lostFrom = i;
      level.open = parent.open.openDirectory(level.place.name());
      if (!level.open.self().status().same(level.status)) {
        close(level);
        return;
      }
      if (i - 1 > 0 && i - 1 <= depth() - OPEN_AT_MOST) {
        close(parent);
      }
    }
    lostFrom = Integer.MAX_VALUE;
  }

  /** Returns the directory at this depth, if it is open. */
  Optional<Directory> openAt(int depth) {
    return Optional.ofNullable(levels.get(depth).open);
  }

  private void close(Level level) {
    if (level.open != null && level.open != root) {
      level.open.close();
      level.open = null;
    }
  }

  @Override
  public void close() {
    levels.forEach(this::close);
  }
}
