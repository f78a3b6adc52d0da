package nixbuildshell.files;

import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.ByteString;

/** Remembers where files with several names were copied. */
final class HardLinks {
  private record Identity(long device, long inode) {}

  private final Map<Identity, Place> copied = new HashMap<>();
  private final Place sourceRoot;
  private final Descent source;
  private final Descent target;

  /**
   * @param target the walk through the copy; it is always where the source's walk is
   */
  HardLinks(Place sourceRoot, Descent source, Descent target) {
    this.sourceRoot = sourceRoot;
    this.source = source;
    this.target = target;
  }

  /** Remembers a file that was copied to the same names below the target. */
  void remember(Status status, Place place) {
    if (status.links() > 1) {
      copied.put(new Identity(status.device(), status.inode()), place);
    }
  }

  /** Decides whether this file was copied under another name. */
  boolean has(Status status) {
    return status.links() > 1 && copied.containsKey(new Identity(status.device(), status.inode()));
  }

  /**
   * Makes a hard link to the first copy of a file. The way there goes name by name, because paths
   * have a limit, from the nearest open directory of the walk above both.
   */
  void link(Status status, Directory in, Place place) throws ErrnoException {
    Place first = copied.get(new Identity(status.device(), status.inode()));
    // The walk may have left the file's directory already.
    Place start = first.parent().common(place.parent()).common(source.place());
    Optional<Directory> open = target.openAt(start.depth() - sourceRoot.depth());
    Deque<ByteString> names = first.below(open.isPresent() ? start : sourceRoot);
    Directory at = open.or(() -> target.openAt(0)).orElseThrow();
    Directory opened = null;
    try {
      while (names.size() > 1) {
        Directory next = at.openDirectory(names.removeFirst());
        if (opened != null) {
          opened.close();
        }
        opened = next;
        at = next;
      }
      in.makeHardLink(place.name(), at, names.removeFirst());
    } finally {
      if (opened != null) {
        opened.close();
      }
    }
  }
}
