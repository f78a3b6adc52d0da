package nixbuildshell.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads what can forbid a sandbox from procfs and sysfs. A file that cannot be read forbids
 * nothing.
 *
 * @param root the directory of {@code proc} and {@code sys}
 */
public record Restrictions(Path root) {
  /** The kinds of namespaces that a sandbox has, as user_namespaces(7)'s limits name them. */
  private static final List<String> KINDS = List.of("user", "mnt", "pid", "net", "ipc", "uts");

  /** An automount point over an empty directory, which the kernel does not mind. */
  private static final String BINFMT = "/proc/sys/fs/binfmt_misc";

  /** Returns a setting of sysctl(8), its name with slashes; empty when there is no such setting. */
  String sysctl(String name) {
    return read("proc/sys/" + name).strip();
  }

  /** Returns a kind of namespaces that is switched off; empty when there is none. */
  Optional<String> forbiddenKind() {
    return KINDS.stream()
        .filter(k -> sysctl("user/max_" + k + "_namespaces").equals("0"))
        .findFirst();
  }

  /** Returns the settings that restrict user namespaces, each with its value, for a message. */
  public List<String> forbidding() {
    List<String> forbidding = new ArrayList<>();
    forbiddenKind().ifPresent(kind -> forbidding.add("user.max_" + kind + "_namespaces is 0"));
    if (sysctl("kernel/unprivileged_userns_clone").equals("0")) {
      forbidding.add("kernel.unprivileged_userns_clone is 0");
    }
    if (isRestrictedByAppArmor()) {
      forbidding.add("kernel.apparmor_restrict_unprivileged_userns is 1");
    }
    if (isEnforcedBySelinux()) {
      forbidding.add("SELinux enforces its policy");
    }
    return forbidding;
  }

  boolean isRestrictedByAppArmor() {
    return sysctl("kernel/apparmor_restrict_unprivileged_userns").equals("1");
  }

  boolean isEnforcedBySelinux() {
    return read("sys/fs/selinux/enforce").strip().equals("1");
  }

  /** Decides whether a filter of system calls applies to this process (proc(5), Seccomp). */
  boolean isFiltered() {
    return read("proc/self/status").lines().anyMatch(line -> line.matches("Seccomp:\\s*2"));
  }

  /**
   * Decides whether this process is surely in a chroot: no file system is mounted at its root. A
   * chroot into a mount point is not recognised.
   */
  boolean isChroot() {
    List<String> points = mountPoints();
    return !points.isEmpty() && !points.contains("/");
  }

  /** Returns the mount points over parts of procfs. */
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
      return Files.readString(root.resolve(path), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }
}
