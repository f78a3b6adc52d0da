package nixbuildshell.sandbox;

import java.util.List;
import nixbuildshell.capture.StorePath;

/** What of the store is seen from inside. */
public sealed interface StoreView {

  /** All of it, because what the build saw is not known. */
  record Whole() implements StoreView {}

  /** Only what the build saw. */
  record Exact(List<Member> members) implements StoreView {
    public Exact {
      members = List.copyOf(members);
    }

    /** The store paths that can be mounted: a link cannot, it would be followed. */
    List<StorePath> mounted() {
      return members.stream()
          .filter(member -> member.kind() != Kind.LINK)
          .map(Member::path)
          .toList();
    }
  }

  /** A store path and what it is on the host. */
  record Member(StorePath path, Kind kind) {}

  /** What a store path can be. */
  enum Kind {
    DIRECTORY,
    FILE,
    LINK
  }
}
