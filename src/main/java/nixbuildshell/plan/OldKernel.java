package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Constants.*;
import static nixbuildshell.plan.Steps.outside;

import java.util.List;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Argument.Data;
import nixbuildshell.plan.Argument.Number;

/**
 * Makes do on a kernel that lacks one of the younger system calls, or in a container whose filter
 * forbids them. What is lacking has been tried and not guessed from a version.
 *
 * @param remounts whether each mount must be made read-only by itself, because there is no {@code
 *     mount_setattr} (Linux 5.12)
 * @param descriptors those to close one by one, because there is no {@code close_range} (Linux
 *     5.9); empty when there is
 */
public record OldKernel(boolean remounts, List<Integer> descriptors) {
  /** Lacks nothing. */
  static final OldKernel NONE = new OldKernel(false, List.of());

  public OldKernel {
    descriptors = List.copyOf(descriptors);
  }

  /**
   * Makes the mounts of store paths read-only. Store paths may be the caller's own files (where Nix
   * has a single user), so that only the mounts can protect them. A remount sets all flags anew,
   * and may not clear one that is locked in a user namespace: so it has those that do no harm. (A
   * store without execution would be none.)
   */
  void protectStorePaths(Steps steps, String store, List<String> names) {
    if (remounts) {
      names.forEach(name -> remount(steps, store + "/" + name, MS_NODEV));
    } else {
      setAttribute(steps, "make the store paths read-only", store, AT_RECURSIVE, SET_READ_ONLY);
      setAttribute(steps, "make the store writable around them", store, number(0), CLEAR_READ_ONLY);
    }
  }

  /**
   * Makes the mount of a host's file read-only. It keeps the flags that it has from the host; where
   * they must be said, all that may be locked (files below /run are often noexec).
   */
  void readOnly(Steps steps, String path) {
    if (remounts) {
      remount(steps, path, MS_NODEV.or(MS_NOEXEC));
    } else {
      setAttribute(steps, "make " + path + " read-only", path, number(0), SET_READ_ONLY);
    }
  }

  private static void remount(Steps steps, String path, Number more) {
    steps.setFlags(
        "make " + path + " read-only",
        outside(path),
        MS_REMOUNT.or(MS_BIND).or(MS_RDONLY).or(MS_NOSUID).or(more));
  }

  private static void setAttribute(
      Steps steps, String label, String path, Number reach, Data attributes) {
    steps.add(
        label,
        Syscall.MOUNT_SETATTR,
        AT_FDCWD,
        outside(path),
        reach,
        attributes,
        number(attributes.value().length()));
  }

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
