package nixbuildshell.sandbox;

import java.util.ArrayList;
import java.util.List;
import nixbuildshell.files.FileType;
import nixbuildshell.store.StorePath;

/** Describes the part of the store that is seen from inside. */
public sealed interface StoreView {

  /** Shows the whole store, because it is not known what the build saw. */
  record Whole() implements StoreView {}

  /**
   * Shows only what the build saw.
   *
   * @param layered whether the mount points are in memory, below a layer of the session that takes
   *     the changes. Else they are in the session's directory
   */
  record Exact(List<Member> members, boolean layered) implements StoreView {
    public Exact {
      members = List.copyOf(members);
    }

    /** Returns the same view with the mount points in the session's directory. */
    public Exact onDisk() {
      return new Exact(members, false);
    }

    /** Returns the store paths that can be mounted. A mount would follow a link. */
    List<Member> mounted() {
      List<Member> mounted = new ArrayList<>(members);
      mounted.removeIf(member -> member.type() == FileType.LINK);
      return mounted;
    }
  }

  /**
   * Describes a store path.
   *
   * @param type its type on the host: a directory, a regular file or a link
   */
  record Member(StorePath path, FileType type) {}
}
