package nixbuildshell.files;

import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.ByteString;

/** Which files of several names have been copied already, and where to. */
final class HardLinks {
  private record Identity(long device, long inode) {}

  private final Map<Identity, Place> copied = new HashMap<>();
  private final Place sourceRoot;
  private final Descent target;

  /**
   * @param target where the copy stands; its root stands for the root of the source
   */
  HardLinks(Place sourceRoot, Descent target) {
    this.sourceRoot = sourceRoot;
    this.target = target;
  }

  /** Remembers a file that has been copied to the same names below the target. */
  void remember(Status status, Place place) {
    if (status.links() > 1) {
      copied.put(new Identity(status.device(), status.inode()), place);
    }
  }

  /** Whether a copy of this file is there under another name. */
  boolean has(Status status) {
    return status.links() > 1 && copied.containsKey(new Identity(status.device(), status.inode()));
  }

  /**
   * Gives the copy of this file a name in the current directory too. The copy is reached name by
   * name, because paths have a limit, from the nearest directory above both that is open.
   */
  void link(Status status, Directory in, Place place) throws ErrnoException {
    Place first = copied.get(new Identity(status.device(), status.inode()));
    Place start = first.parent().common(place.parent());
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
