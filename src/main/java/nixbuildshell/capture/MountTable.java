package nixbuildshell.capture;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;

/**
 * Holds the mounts of a mount namespace, from {@code /proc/PID/mountinfo} (proc(5)). It leads from
 * a file in a file system, as another namespace's mountinfo names it, to a path in this namespace.
 */
public record MountTable(List<Entry> entries) {

  /**
   * Describes a mount.
   *
   * @param device {@code major:minor}
   * @param root the mounted part of that file system, from the file system's own root
   */
  public record Entry(ByteString device, ByteString root, ByteString point) {}

  public MountTable {
    entries = List.copyOf(entries);
  }

  /** Reads the table, and passes over lines of another form. */
  public static MountTable parse(ByteString mountinfo) {
    List<Entry> entries = new ArrayList<>();
    for (String line : mountinfo.latin1().split("\n")) {
      String[] fields = line.split(" ");
      if (fields.length > 5) {
        entries.add(
            new Entry(new ByteString(fields[2]), unescaped(fields[3]), unescaped(fields[4])));
      }
    }
    return new MountTable(entries);
  }

  /**
   * Returns the paths at which this namespace shows the root of another namespace's mount, the
   * latest mount first: an earlier mount may be covered.
   */
  public List<ByteString> paths(Manifest.Mount mount) {
    List<ByteString> paths = new ArrayList<>();
    if (mount.device().isPresent() && mount.root().isPresent()) {
      for (Entry entry : entries) {
        if (entry.device().equals(mount.device().get())) {
          below(entry.root().latin1(), mount.root().get().latin1())
              .map(rest -> joined(entry.point().latin1(), rest))
              .ifPresent(paths::add);
        }
      }
    }
    Collections.reverse(paths);
    return paths;
  }

  /**
   * Returns the rest of a path below a directory: empty text, or a text that begins with a slash.
   */
  private static Optional<String> below(String directory, String path) {
    String start = directory.equals("/") ? "" : directory;
    return path.startsWith(start)
            && (path.length() == start.length() || path.startsWith("/", start.length()))
        ? Optional.of(path.substring(start.length()))
        : Optional.empty();
  }

  private static ByteString joined(String point, String rest) {
    String path = rest.equals("/") || rest.isEmpty() ? point : point + rest;
    return new ByteString(path.startsWith("//") ? path.substring(1) : path);
  }

  private static ByteString unescaped(String field) {
    return new ByteString(
        field
            .replace("\\040", " ")
            .replace("\\011", "\t")
            .replace("\\012", "\n")
            .replace("\\134", "\\"));
  }
}
