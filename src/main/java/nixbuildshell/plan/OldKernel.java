package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.nothing;
import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.*;

import java.util.List;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Argument.Data;
import nixbuildshell.plan.Argument.Number;

/**
 * What to do on a kernel that lacks one of the younger system calls, or in a container whose filter
 * forbids them. What is lacking has been tried and not guessed from a version.
 *
 * @param remounts whether each mount must be made read-only by itself, because there is no {@code
 *     mount_setattr} (Linux 5.12)
 * @param descriptors those to close one by one, because there is no {@code close_range} (Linux
 *     5.9); empty when there is
 */
public record OldKernel(boolean remounts, List<Integer> descriptors) {
  /** One that lacks nothing. */
  public static final OldKernel NONE = new OldKernel(false, List.of());

  public OldKernel {
    descriptors = List.copyOf(descriptors);
  }

  /**
   * Store paths may be the caller's own files (where Nix has a single user), so that only the
   * mounts can protect them. A remount sets all flags anew, and may not clear one that is locked in
   * a user namespace: so it has those that do no harm. (A store without execution would be none.)
   */
  void protectStorePaths(List<Step> steps, String store, List<String> names) {
    if (remounts) {
      names.forEach(name -> remount(steps, store + "/" + name, 0, ""));
    } else {
      protectAtOnce(steps, store);
    }
  }

  /**
   * Makes the mount of a host's file read-only. It keeps the flags that it has from the host; where
   * they must be said, all that may be locked (files below /run are often noexec).
   */
  void readOnly(List<Step> steps, String path) {
    if (remounts) {
      remount(steps, path, MS_NOEXEC, "|MS_NOEXEC");
      return;
    }
    steps.add(
        Step.of(
            "make " + path + " read-only",
            Syscall.MOUNT_SETATTR,
            AT_FDCWD,
            text(ROOT + path),
            number(0),
            new Data(
                Structures.mountAttributes(MOUNT_ATTR_RDONLY, 0), "{attr_set=MOUNT_ATTR_RDONLY}"),
            number(32)));
  }

  private static void remount(List<Step> steps, String path, int more, String names) {
    steps.add(
        Step.of(
            "make " + path + " read-only",
            Syscall.MOUNT,
            nothing(),
            text(ROOT + path),
            nothing(),
            flags(
                "MS_REMOUNT|MS_BIND|MS_RDONLY|MS_NOSUID|MS_NODEV" + names,
                MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | more),
            nothing()));
  }

  private static void protectAtOnce(List<Step> steps, String store) {
    steps.add(
        Step.of(
            "make the store paths read-only",
            Syscall.MOUNT_SETATTR,
            AT_FDCWD,
            text(ROOT + store),
            AT_RECURSIVE,
            new Data(
                Structures.mountAttributes(MOUNT_ATTR_RDONLY, 0), "{attr_set=MOUNT_ATTR_RDONLY}"),
            number(32)));
    steps.add(
        Step.of(
            "make the store writable around them",
            Syscall.MOUNT_SETATTR,
            AT_FDCWD,
            text(ROOT + store),
            number(0),
            new Data(
                Structures.mountAttributes(0, MOUNT_ATTR_RDONLY), "{attr_clr=MOUNT_ATTR_RDONLY}"),
            number(32)));
  }

  void closeDescriptors(List<Step> steps) {
    if (descriptors.isEmpty()) {
      steps.add(
          Step.of(
              "close inherited descriptors",
              Syscall.CLOSE_RANGE,
              number(3),
              new Number(0xffffffffL, "~0U"),
              number(0)));
    }
    for (int descriptor : descriptors) {
      steps.add(
          Step.of("close inherited descriptor " + descriptor, Syscall.CLOSE, number(descriptor))
              .tolerating(Errno.EBADF, "it is not open"));
    }
  }
}
