package nixbuildshell.sandbox;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import nixbuildshell.ByteString;

/** Adds paths of the host to what Nix's sandbox has anyway. */
final class HostPaths {
  private HostPaths() {}

  /**
   * The entries with some paths of the host among them. What is at such a path or below gives way;
   * the directories above it that are missing are made.
   */
  static List<Entry> with(List<Entry> entries, List<HostPath> paths) {
    List<Entry> all = new ArrayList<>();
    Set<String> targets = new HashSet<>();
    paths.forEach(path -> targets.add(path.target().latin1()));
    Set<String> made = new HashSet<>();
    for (Entry entry : entries) {
      String path = ByteString.of(entry.path()).latin1();
      if (!targets.contains(path) && OwnPaths.parents(path).stream().noneMatch(targets::contains)) {
        all.add(entry);
        made.add(path);
      }
    }
    Set<String> mounted = new HashSet<>();
    for (HostPath path : sorted(paths)) {
      List<String> above = OwnPaths.parents(path.target().latin1());
      boolean within = above.stream().anyMatch(mounted::contains);
      List<ByteString> missing =
          within ? List.of() : above.stream().filter(made::add).map(ByteString::new).toList();
      if (path.link().isEmpty()) {
        all.add(
            new Entry.HostBind(path.target(), path.source(), path.directory(), missing, !within));
        mounted.add(path.target().latin1());
      } else if (!within) {
        all.add(new Entry.HostLink(path.target(), path.link().get(), missing));
      }
    }
    return all;
  }

  /** A directory before what lies in it. */
  private static List<HostPath> sorted(List<HostPath> paths) {
    return paths.stream().sorted(Comparator.comparing(HostPath::target)).toList();
  }
}
