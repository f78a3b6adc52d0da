package nixbuildshell.launch;

import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.sandbox.Identity;

/**
 * Maps the users and groups of a new user namespace.
 *
 * @param users the lines of {@code uid_map}, as in user_namespaces(7); empty for no new namespace
 * @param groups the lines of {@code gid_map}
 * @param setgroups whether the namespace may set supplementary groups. For one user it is denied:
 *     an ordinary user must deny it (user_namespaces(7)), and Nix does. A range may set them
 */
record IdMaps(String users, String groups, boolean setgroups) {

  private static final int AT_FDCWD = -100;
  private static final int O_WRONLY = 1;
  private static final int O_CLOEXEC = 0x80000;

  /** Maps one user and one group. */
  static IdMaps one(long user, long outsideUser, long group, long outsideGroup) {
    return new IdMaps(line(user, outsideUser, 1), line(group, outsideGroup, 1), false);
  }

  /** Returns the maps of a sandbox with this identity. */
  static IdMaps of(Identity identity) {
    long uid = identity.outsideUid();
    if (identity.isRange()) {
      String range = line(0, uid, identity.count());
      return new IdMaps(range, range, true);
    }
    return one(identity.uid(), uid, identity.gid(), identity.outsideGid());
  }

  /** Returns a line that maps {@code count} ids from {@code inside} on. */
  static String line(long inside, long outside, long count) {
    return inside + " " + outside + " " + count + "\n";
  }

  /** Writes the maps of a new process. */
  void write(SystemCalls calls, long pid) throws ErrnoException {
    if (!setgroups) {
      write(calls, "/proc/" + pid + "/setgroups", "deny");
    }
    if (!users.isEmpty()) {
      write(calls, "/proc/" + pid + "/uid_map", users);
      write(calls, "/proc/" + pid + "/gid_map", groups);
    }
  }

  /** Writes by system calls: Java's own hides errno. The kernel takes a map in one write only. */
  private static void write(SystemCalls calls, String path, String text) throws ErrnoException {
    String label = "write " + path;
    byte[] name = ByteString.of(path).terminated();
    byte[] both = ByteString.of(name).plus(text).bytes();
    try (NativeMemory memory = NativeMemory.holding(calls, both)) {
      long content = memory.address() + name.length;
      long fd =
          ErrnoException.check(
              calls, label, Syscall.OPENAT, AT_FDCWD, memory.address(), O_WRONLY | O_CLOEXEC);
      try {
        ErrnoException.check(calls, label, Syscall.WRITE, fd, content, both.length - name.length);
      } finally {
        calls.call(Syscall.CLOSE, fd);
      }
    }
  }
}
