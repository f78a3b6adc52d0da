package nixbuildshell.sandbox;

import java.util.ArrayList;
import java.util.List;
import nixbuildshell.files.FileType;
import nixbuildshell.store.StorePath;

/** Describes the part of the store that is seen from inside. */
public sealed interface StoreView {

  /** Shows the whole store, because it is not known what the build saw. */
  record Whole() implements StoreView {}

  /** Shows only what the build saw. */
  record Exact(List<Member> members) implements StoreView {
    public Exact {
      members = List.copyOf(members);
    }

    /** Returns the store paths that can be mounted. A mount would follow a link. */
    List<StorePath> mounted() {
      List<StorePath> mounted = new ArrayList<>(members.size());
      for (Member member : members) {
        if (member.type() != FileType.LINK) {
          mounted.add(member.path());
        }
      }
      return List.copyOf(mounted);
    }
  }

  /**
   * Describes a store path.
   *
   * @param type its type on the host: a directory, a regular file or a link
   */
  record Member(StorePath path, FileType type) {}
}
