package nixbuildshell.session;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import nixbuildshell.ByteString;
import nixbuildshell.linux.Directory;
import nixbuildshell.linux.ErrnoException;
import nixbuildshell.linux.Place;
import nixbuildshell.linux.Status;

/** Which files of several names have been copied already, and where to. */
final class HardLinks {
  private record Identity(long device, long inode) {}

  private final Map<Identity, Place> copied = new HashMap<>();
  private final Place sourceRoot;
  private final Directory targetRoot;

  HardLinks(Place sourceRoot, Directory targetRoot) {
    this.sourceRoot = sourceRoot;
    this.targetRoot = targetRoot;
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

  /** Gives the copy of this file another name. It is reached name by name: paths have a limit. */
  void link(Status status, Directory target, ByteString name) throws ErrnoException {
    Place first = copied.get(new Identity(status.device(), status.inode()));
    Deque<ByteString> names = first.below(sourceRoot);
    Deque<Directory> opened = new ArrayDeque<>();
    try {
      Directory at = targetRoot;
      while (names.size() > 1) {
        at = at.openDirectory(names.removeFirst());
        opened.push(at);
        if (opened.size() > 1) {
          opened.removeLast().close();
        }
      }
      target.makeHardLink(name, at, names.removeFirst());
    } finally {
      opened.forEach(Directory::close);
    }
  }
}
