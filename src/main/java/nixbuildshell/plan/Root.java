package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.*;
import static nixbuildshell.plan.Steps.ROOT;

import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Argument.Number;

/** Makes the root file system as a mount, enters it and shuts it. */
record Root(Steps steps) {

  void makeTheMountsPrivate() {
    steps.setFlags("make the mounts private", text("/"), MS_REC.or(MS_PRIVATE));
  }

  /** Mounts it: root's skeleton is on disk, as Nix's is. */
  void mount(boolean onDisk) {
    if (onDisk) {
      steps.bind("the root file system", text(ROOT), text(ROOT), MS_BIND);
    } else {
      steps.mount(
          Step.Kind.OTHER, "the root file system", "none", text(ROOT), "tmpfs", "mode=0750");
    }
  }

  /**
   * Exchanges the root. Both arguments of pivot_root are the new root: the old one comes to lie on
   * top of it and is taken off by its name, ".", so no directory for it is needed (pivot_root(2),
   * "pivot_root(".", ".")").
   */
  void pivot() {
    steps.add("enter the new root", Syscall.CHDIR, text(ROOT));
    steps.add(
        Step.of(
            Step.Kind.CHANGE_ROOT, "change the root", Syscall.PIVOT_ROOT, text("."), text(".")));
    steps.add("take off the old root", Syscall.UMOUNT2, text("."), new Number(2, "MNT_DETACH"));
  }

  /** Shuts it: an ordinary user's skeleton belongs to 1000, who must not change it either. */
  void freeze() {
    steps.setFlags("make the root read-only", text("/"), MS_REMOUNT.or(MS_BIND).or(MS_RDONLY));
  }
}
