package nixbuildshell.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What the host says of itself in procfs and sysfs that can forbid a sandbox. What cannot be read
 * forbids nothing.
 *
 * @param root where {@code proc} and {@code sys} lie
 */
public record HostSettings(Path root) {
  /** The kinds of namespaces that a sandbox has, as user_namespaces(7)'s limits name them. */
  private static final List<String> KINDS = List.of("user", "mnt", "pid", "net", "ipc", "uts");

  /** An automount point over an empty directory, which the kernel does not mind. */
  private static final String BINFMT = "/proc/sys/fs/binfmt_misc";

  public static HostSettings own() {
    return new HostSettings(Path.of("/"));
  }

  /** A setting of sysctl(8), its name with slashes; empty where there is none. */
  String sysctl(String name) {
    return read("proc/sys/" + name).strip();
  }

  /** The kind of namespace of which none may be made; empty when there is no such kind. */
  Optional<String> forbiddenKind() {
    return KINDS.stream()
        .filter(k -> sysctl("user/max_" + k + "_namespaces").equals("0"))
        .findFirst();
  }

  boolean isRestrictedByAppArmor() {
    return sysctl("kernel/apparmor_restrict_unprivileged_userns").equals("1");
  }

  boolean isEnforcedBySelinux() {
    return read("sys/fs/selinux/enforce").strip().equals("1");
  }

  /** Whether this process runs below somebody's filter of system calls (proc(5), Seccomp). */
  boolean isFiltered() {
    return read("proc/self/status").lines().anyMatch(line -> line.matches("Seccomp:\\s*2"));
  }

  /**
   * Whether this process is surely in a chroot: no file system is mounted where its root is. In one
   * that is a mount point this cannot be seen.
   */
  boolean isChroot() {
    List<String> points = mountPoints();
    return !points.isEmpty() && !points.contains("/");
  }

  /** What is mounted over parts of procfs. */
  List<String> coversOfProc() {
    return mountPoints().stream()
        .filter(point -> point.startsWith("/proc/") && !point.startsWith(BINFMT))
        .distinct()
        .toList();
  }

  private List<String> mountPoints() {
    return read("proc/self/mountinfo")
        .lines()
        .map(line -> line.split(" "))
        .filter(fields -> fields.length > 4)
        .map(fields -> fields[4])
        .toList();
  }

  private String read(String path) {
    try {
      return new String(Files.readAllBytes(root.resolve(path)), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }
}
