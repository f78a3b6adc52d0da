package nixbuildshell.launch;

import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.sandbox.Identity;

/**
 * The users and groups of a new user namespace.
 *
 * @param setgroups whether the namespace may set supplementary groups. For one user it is denied,
 *     as an ordinary user must (user_namespaces(7)) and as Nix does; for a range it is not
 * @param users for {@code uid_map}
 * @param groups for {@code gid_map}
 */
public record IdMaps(List<Range> users, List<Range> groups, boolean setgroups) {

  /** For a launch without a new user namespace: nothing is written. */
  public static final IdMaps NONE = new IdMaps(List.of(), List.of(), false);

  private static final int AT_FDCWD = -100;
  private static final int O_WRONLY = 1;
  private static final int O_CLOEXEC = 0x80000;

  /**
   * A line of a map: {@code count} IDs from {@code inside} on are those from {@code outside} on.
   */
  public record Range(long inside, long outside, long count) {
    @Override
    public String toString() {
      return inside + " " + outside + " " + count;
    }
  }

  public IdMaps {
    users = List.copyOf(users);
    groups = List.copyOf(groups);
  }

  /** Maps one user and one group. */
  public static IdMaps one(long user, long outsideUser, long group, long outsideGroup) {
    return new IdMaps(
        List.of(new Range(user, outsideUser, 1)),
        List.of(new Range(group, outsideGroup, 1)),
        false);
  }

  /** Maps as many users and groups from 0 on as these from {@code first} on. */
  public static IdMaps fromRoot(long first, long count) {
    List<Range> range = List.of(new Range(0, first, count));
    return new IdMaps(range, range, true);
  }

  /** Returns the maps of a sandbox with this identity. */
  public static IdMaps of(Identity identity) {
    long uid = identity.outsideUid();
    return identity.isRange()
        ? fromRoot(uid, identity.count())
        : one(identity.uid(), uid, identity.gid(), identity.outsideGid());
  }

  /** Writes the maps of a process that has just been made. */
  void write(SystemCalls calls, long pid) throws ErrnoException {
    if (users.isEmpty() && groups.isEmpty()) {
      return;
    }
    if (!setgroups) {
      write(calls, "/proc/" + pid + "/setgroups", "deny");
    }
    write(calls, "/proc/" + pid + "/uid_map", lines(users));
    write(calls, "/proc/" + pid + "/gid_map", lines(groups));
  }

  private static String lines(List<Range> ranges) {
    StringBuilder lines = new StringBuilder();
    for (Range range : ranges) {
      lines.append(range).append('\n');
    }
    return lines.toString();
  }

  /** By system calls, since Java's own would hide errno. The kernel wants a map in one write. */
  private static void write(SystemCalls calls, String path, String text) throws ErrnoException {
    String label = "write " + path;
    byte[] bytes = ByteString.of(text).bytes();
    try (NativeMemory name = NativeMemory.holding(calls, ByteString.of(path).terminated());
        NativeMemory content = NativeMemory.holding(calls, bytes)) {
      long fd =
          ErrnoException.check(
              calls, label, Syscall.OPENAT, AT_FDCWD, name.address(), O_WRONLY | O_CLOEXEC);
      try {
        ErrnoException.check(calls, label, Syscall.WRITE, fd, content.address(), bytes.length);
      } finally {
        calls.call(Syscall.CLOSE, fd);
      }
    }
  }
}
