package nixbuildshell.files;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;

/**
 * Where a walk stands in a tree: the directories from the root down to the current one.
 *
 * <p>Only the nearest are kept open, or a tree of thousands of levels would use up the descriptors.
 * One that is needed again is reached by the ".." of the one below, at the same cost whatever the
 * depth; where that leads elsewhere (the directory has been moved), from the nearest open ancestor
 * by its names, none of which may be a link. Either way it must be the very one that was left.
 */
final class Descent implements AutoCloseable {
  private static final int OPEN_AT_MOST = 12;

  private static final class Level {
    final ByteString name;
    final Status status;
    Directory open;

    Level(ByteString name, Status status, Directory open) {
      this.name = name;
      this.status = status;
      this.open = open;
    }
  }

  private final List<Level> levels = new ArrayList<>();

  /** From this level on the names lead nowhere, and are not tried again. */
  private int lostFrom = Integer.MAX_VALUE;

  /**
   * @param root stays open, and is the caller's to close
   */
  Descent(Directory root) throws ErrnoException {
    levels.add(new Level(root.place().name(), root.self().status(), root));
  }

  /** 0 at the root. */
  int depth() {
    return levels.size() - 1;
  }

  /**
   * Goes into a directory of the current one.
   *
   * @param opened is closed when the walk leaves it, or earlier
   */
  void enter(ByteString name, Directory opened, Status status) {
    levels.add(new Level(name, status, opened));
    int tooMany = depth() - OPEN_AT_MOST;
    if (tooMany > 0) {
      close(levels.get(tooMany));
    }
  }

  void leave() {
    Level left = levels.remove(depth());
    Level above = levels.get(depth());
    if (above.open == null && left.open != null) {
      above.open = parent(left.open, above.status);
    }
    close(left);
    if (depth() < lostFrom) {
      lostFrom = Integer.MAX_VALUE;
    }
  }

  /** The directory above, if that still is the one that the walk came through; else null. */
  private static Directory parent(Directory directory, Status expected) {
    try {
      Directory parent = directory.openParent();
      if (parent.self().status().same(expected)) {
        return parent;
      }
      parent.close();
    } catch (ErrnoException e) {
      // Shut or gone; the names from above may still lead there.
    }
    return null;
  }

  /**
   * The current directory, opened again if need be.
   *
   * @return empty when another one is found in its place, or something that is none
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
      level.open = parent.open.openDirectory(level.name);
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

  /** The directory so many levels below the root, if it is open at the moment. */
  Optional<Directory> openAt(int depth) {
    return Optional.ofNullable(levels.get(depth).open);
  }

  private static void close(Level level) {
    if (level.open != null) {
      level.open.close();
      level.open = null;
    }
  }

  @Override
  public void close() {
    levels.subList(1, levels.size()).forEach(Descent::close);
  }
}
