package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Constants.*;
import static nixbuildshell.plan.Steps.outside;

import java.util.List;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.EntryList;
import nixbuildshell.plan.Argument.Data;
import nixbuildshell.plan.Argument.Number;
import nixbuildshell.sandbox.Entry.HostBind;

/**
 * Replaces the younger system calls on a kernel that lacks them, or in a container whose filter
 * forbids them. The calls were tried: a version does not tell.
 *
 * @param remounts whether to make each mount read-only by itself, without {@code mount_setattr}
 *     (Linux 5.12)
 * @param descriptors the descriptors to close one by one, without {@code close_range} (Linux 5.9);
 *     empty when the kernel has it
 */
public record OldKernel(boolean remounts, List<Integer> descriptors) {
  /** Has all calls. */
  public static final OldKernel NONE = new OldKernel(false, List.of());

  public OldKernel {
    descriptors = List.copyOf(descriptors);
  }

  /**
   * Makes the mounts of store paths read-only. The caller may own the store paths (where Nix has a
   * single user), so that only the mounts protect them. A remount sets all flags and must not clear
   * a locked one, so it sets the flags that do no harm. (A store needs execution.)
   */
  void protectStorePaths(Steps steps, String store, EntryList paths) {
    if (remounts) {
      paths.names().forEach(name -> remount(steps, store + "/" + name.latin1(), MS_NODEV));
    } else {
      setAttribute(
          steps, "make the store paths read-only", outside(store), AT_RECURSIVE, SET_READ_ONLY);
      setAttribute(
          steps, "make the store writable around them", outside(store), number(0), CLEAR_READ_ONLY);
    }
  }

  /**
   * Makes the mount of a host's file read-only. It keeps the host's flags. A remount sets all flags
   * that may be locked: files below /run are often noexec.
   */
  void readOnly(Steps steps, String path) {
    if (remounts) {
      remount(steps, path, MS_NODEV.or(MS_NOEXEC));
    } else {
      setAttribute(steps, "make " + path + " read-only", outside(path), number(0), SET_READ_ONLY);
    }
  }

  /**
   * Makes the mount of a host's path read-only, with the mounts below it. It keeps the host's
   * flags, except by a remount, which does not reach the mounts below.
   */
  void readOnly(Steps steps, HostBind bind) {
    if (remounts) {
      boolean device = bind.source().startsWith("/dev/");
      remount(steps, bind.path(), outside(bind.target()), device ? MS_NOEXEC : MS_NODEV);
    } else {
      String label = "make " + bind.path() + " read-only";
      setAttribute(steps, label, outside(bind.target()), AT_RECURSIVE, SET_READ_ONLY);
    }
  }

  private static void remount(Steps steps, String path, Number more) {
    remount(steps, path, outside(path), more);
  }

  private static void remount(Steps steps, String path, Argument mount, Number more) {
    steps.setFlags(
        "make " + path + " read-only",
        mount,
        MS_REMOUNT.or(MS_BIND).or(MS_RDONLY).or(MS_NOSUID).or(more));
  }

  private static void setAttribute(
      Steps steps, String label, Argument mount, Number reach, Data attributes) {
    steps.add(
        label,
        Syscall.MOUNT_SETATTR,
        AT_FDCWD,
        mount,
        reach,
        attributes,
        number(attributes.value().length()));
  }

  /** Closes what the child inherited from the JVM. */
  void closeDescriptors(Steps steps) {
    if (descriptors.isEmpty()) {
      Number last = new Number(0xffffffffL, "~0U");
      steps.add("close inherited descriptors", Syscall.CLOSE_RANGE, number(3), last, number(0));
    }
    for (int descriptor : descriptors) {
      steps.add(
          Step.of("close inherited descriptor " + descriptor, Syscall.CLOSE, number(descriptor))
              .tolerating(Errno.EBADF, "it is not open"));
    }
  }
}
