package nixbuildshell.sandbox;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;

/**
 * Describes an existing path of the host that the sandbox shows.
 *
 * @param target its path, as seen from inside
 * @param source its path on the host; links in it are followed
 * @param directory whether it leads to a directory
 * @param readOnly whether nothing in the sandbox can write to it, whatever its owner may
 * @param link the text of the link, when the source is a link that is seen as one, as in newer Nix
 */
public record HostPath(
    ByteString target,
    ByteString source,
    boolean directory,
    boolean readOnly,
    Optional<ByteString> link) {

  /** Describes a path that is mounted. */
  public HostPath(ByteString target, ByteString source, boolean directory, boolean readOnly) {
    this(target, source, directory, readOnly, Optional.empty());
  }

  /** Describes a link that is seen as one. */
  public static HostPath link(ByteString target, ByteString source, ByteString text) {
    return new HostPath(target, source, false, true, Optional.of(text));
  }

  /**
   * Returns the entries with some paths of the host among them. They replace the entries at and
   * below such a path. Missing directories above them are added. A directory precedes its files.
   */
  static List<Entry> add(List<Entry> entries, List<HostPath> paths) {
    if (paths.isEmpty()) {
      return entries;
    }
    List<Entry> all = new ArrayList<>();
    Set<String> targets =
        paths.stream().map(path -> path.target.latin1()).collect(Collectors.toSet());
    Set<String> made = new HashSet<>();
    for (Entry entry : entries) {
      String path = ByteString.of(entry.path()).latin1();
      if (!targets.contains(path) && OwnPaths.parents(path).stream().noneMatch(targets::contains)) {
        all.add(entry);
        made.add(path);
      }
    }
    Set<String> mounted = new HashSet<>();
    for (HostPath path : paths.stream().sorted(HostPath::compareTargets).toList()) {
      List<String> above = OwnPaths.parents(path.target.latin1());
      boolean within = above.stream().anyMatch(mounted::contains);
      List<ByteString> missing =
          within ? List.of() : above.stream().filter(made::add).map(ByteString::new).toList();
      if (path.link.isEmpty()) {
        all.add(
            new Entry.HostBind(
                path.target, path.source, path.directory, path.readOnly, missing, !within));
        mounted.add(path.target.latin1());
      } else if (!within) {
        all.add(new Entry.HostLink(path.target, path.link.get(), missing));
      }
    }
    return all;
  }

  /** The JDK's comparator of a key cannot be in the class cache: a millisecond of the start. */
  private static int compareTargets(HostPath one, HostPath other) {
    return one.target.compareTo(other.target);
  }
}
