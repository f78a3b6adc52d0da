package nixbuildshell.sandbox;

import java.util.List;
import nixbuildshell.files.FileType;
import nixbuildshell.store.StorePath;

/** What of the store is seen from inside. */
public sealed interface StoreView {

  /** All of it, because what the build saw is not known. */
  record Whole() implements StoreView {}

  /**
   * Only what the build saw.
   *
   * @param layered whether the mount points are in memory, below a layer of the session that takes
   *     the changes, and not in the session's directory itself
   */
  record Exact(List<Member> members, boolean layered) implements StoreView {
    public Exact {
      members = List.copyOf(members);
    }

    /** With the mount points in the session's directory. */
    public Exact onDisk() {
      return new Exact(members, false);
    }

    /** The store paths that can be mounted: a link cannot, it would be followed. */
    List<Member> mounted() {
      return members.stream().filter(member -> member.type() != FileType.LINK).toList();
    }
  }

  /**
   * Describes a store path.
   *
   * @param type its type on the host: a directory, a regular file or a link
   */
  record Member(StorePath path, FileType type) {}
}
