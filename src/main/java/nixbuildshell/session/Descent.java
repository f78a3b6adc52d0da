package nixbuildshell.session;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.linux.Directory;
import nixbuildshell.linux.ErrnoException;
import nixbuildshell.linux.Status;

/**
 * Where a walk stands in a tree: the directories from the root down to the current one.
 *
 * <p>Only the nearest are kept open, or a tree of thousands of levels would use up the descriptors.
 * One that is needed again is reached from the nearest open ancestor by its names, none of which
 * may be a link, and each directory on the way must be the very one that was left: ".." would lead
 * wherever the directory has been moved to.
 */
final class Descent implements AutoCloseable {
  private static final int OPEN_AT_MOST = 128;

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
    close(levels.remove(depth()));
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
    for (int i = open + 1; i < levels.size(); i++) {
      Level parent = levels.get(i - 1);
      Level level = levels.get(i);
      level.open = parent.open.openDirectory(level.name);
      if (!level.open.self().status().same(level.status)) {
        close(level);
        return Optional.empty();
      }
      if (i - 1 > 0 && i - 1 <= depth() - OPEN_AT_MOST) {
        close(parent);
      }
    }
    return Optional.of(levels.get(depth()).open);
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
    while (depth() > 0) {
      leave();
    }
  }
}
