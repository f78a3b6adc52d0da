package nixbuildshell.files;

import java.util.ArrayDeque;
import java.util.Deque;
import nixbuildshell.ByteString;

/**
 * Where a file is, for messages and for walking there again: a name below another place. The chain
 * is shared, so that a tree of thousands of levels costs one link a level and not one path.
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

  /** The last name; the whole path of a root. */
  public ByteString name() {
    return name;
  }

  /** How many names below its root. */
  int depth() {
    return depth;
  }

  /** The deepest place that both are at or below; they must have the same root. */
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

  /** The names that lead from an ancestor down to here; all of them when it is none. */
  Deque<ByteString> below(Place ancestor) {
    Deque<ByteString> names = new ArrayDeque<>();
    for (Place at = this; at != null && at != ancestor; at = at.parent) {
      names.addFirst(at.name);
    }
    return names;
  }

  /**
   * The path from an ancestor to here: "a/b". Only the end of one that no system call would take:
   * an enemy's can have megabytes.
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

  /** For a message. */
  @Override
  public String toString() {
    return path().toString();
  }
}
