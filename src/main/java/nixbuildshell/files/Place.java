package nixbuildshell.files;

import java.util.ArrayDeque;
import java.util.Deque;
import nixbuildshell.ByteString;

/**
 * Tells where a file is: a name below another place. Places share their parents, so a tree of
 * thousands of levels costs one object a level, and not one path.
 */
public final class Place {
  private static final int LONGEST_PATH = 4096;

  private final Place parent;
  private final ByteString name;
  private final int depth;

  private Place(Place parent, ByteString name) {
    this.parent = parent;
    this.name = name;
    this.depth = parent == null ? 0 : parent.depth + 1;
  }

  static Place root(ByteString path) {
    return new Place(null, path);
  }

  public Place child(ByteString child) {
    return new Place(this, child);
  }

  Place parent() {
    return parent;
  }

  /** Returns the last name; a root's whole path. */
  public ByteString name() {
    return name;
  }

  /** Returns the number of names below the root. */
  int depth() {
    return depth;
  }

  /** Returns the deepest place that contains both, which must have the same root. */
  Place common(Place other) {
    Place one = this;
    Place two = other;
    while (one != two) {
      if (one.depth >= two.depth) {
        one = one.parent;
      } else {
        two = two.parent;
      }
    }
    return one;
  }

  /** Returns the names that lead here from an ancestor; all names when it is no ancestor. */
  Deque<ByteString> below(Place ancestor) {
    Deque<ByteString> names = new ArrayDeque<>();
    for (Place at = this; at != null && at != ancestor; at = at.parent) {
      names.addFirst(at.name);
    }
    return names;
  }

  /**
   * Returns the path from an ancestor to here: "a/b". Of a path that is too long for the kernel,
   * which may have megabytes, only the end.
   */
  ByteString pathBelow(Place ancestor) {
    Deque<String> names = new ArrayDeque<>();
    int length = 0;
    Place at = this;
    for (; at != null && at != ancestor && length < LONGEST_PATH; at = at.parent) {
      names.addFirst(at.name.latin1());
      length += at.name.length() + 1;
    }
    if (at != null && at != ancestor) {
      names.addFirst("...");
    }
    return new ByteString(String.join("/", names));
  }

  public ByteString path() {
    return pathBelow(null);
  }

  /** Returns the path for a message. */
  @Override
  public String toString() {
    return path().toString();
  }
}
