package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.*;
import static nixbuildshell.plan.Steps.ROOT;

import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Argument.Number;

/** Mounts the root file system, enters it, and makes it read-only. */
record Root(Steps steps) {

  void makeTheMountsPrivate() {
    steps.setFlags("make the mounts private", text("/"), MS_REC.or(MS_PRIVATE));
  }

  /** Mounts the new root: a directory on disk, as in Nix, or a file system in memory. */
  void mount(boolean onDisk) {
    if (onDisk) {
      steps.bind("mount the root file system", text(ROOT), text(ROOT), MS_BIND);
    } else {
      steps.mount(
          Step.Kind.OTHER, "the root file system", "none", text(ROOT), "tmpfs", "mode=0750");
    }
  }

  /**
   * Exchanges the root. With "." as both arguments of pivot_root, the old root lies on top of the
   * new one, and "." unmounts it; it needs no directory (pivot_root(2), "pivot_root(".", ".")").
   */
  void pivot() {
    steps.add("enter the new root", Syscall.CHDIR, text(ROOT));
    steps.add(
        Step.of(
            Step.Kind.CHANGE_ROOT, "change the root", Syscall.PIVOT_ROOT, text("."), text(".")));
    steps.add("take off the old root", Syscall.UMOUNT2, text("."), new Number(2, "MNT_DETACH"));
  }

  /** Makes the root read-only: an ordinary user owns it, and a build could not change it. */
  void freeze() {
    steps.setFlags("make the root read-only", text("/"), MS_REMOUNT.or(MS_BIND).or(MS_RDONLY));
  }
}
