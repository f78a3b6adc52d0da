package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.nothing;
import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.*;

import java.util.List;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Argument.Number;

/** The root file system as a mount: made, entered and shut. */
final class Root {
  private final List<Step> steps;

  Root(List<Step> steps) {
    this.steps = steps;
  }

  void makeTheMountsPrivate() {
    add(
        "make the mounts private",
        Syscall.MOUNT,
        nothing(),
        text("/"),
        nothing(),
        flags("MS_REC|MS_PRIVATE", MS_REC | MS_PRIVATE),
        nothing());
  }

  /** Root's skeleton is on disk, as Nix's is. */
  void mount(boolean onDisk) {
    add(
        "mount the root file system",
        Syscall.MOUNT,
        text(onDisk ? ROOT : "none"),
        text(ROOT),
        onDisk ? nothing() : text("tmpfs"),
        onDisk ? flags("MS_BIND", MS_BIND) : flags("0", 0),
        onDisk ? nothing() : text("mode=0750"));
  }

  /**
   * Both arguments of pivot_root are the new root: the old one comes to lie on top of it and is
   * taken off by its name, ".", so no directory for it is needed (pivot_root(2), "pivot_root(".",
   * ".")").
   */
  void pivot() {
    add("enter the new root", Syscall.CHDIR, text(ROOT));
    add("change the root", Syscall.PIVOT_ROOT, text("."), text("."));
    add("take off the old root", Syscall.UMOUNT2, text("."), new Number(2, "MNT_DETACH"));
  }

  /** An ordinary user's skeleton belongs to 1000, who must not be able to change it either. */
  void freeze() {
    add(
        "make the root read-only",
        Syscall.MOUNT,
        nothing(),
        text("/"),
        nothing(),
        flags("MS_REMOUNT|MS_BIND|MS_RDONLY", MS_REMOUNT | MS_BIND | MS_RDONLY),
        nothing());
  }

  private void add(String label, Syscall syscall, Argument... arguments) {
    steps.add(Step.of(label, syscall, arguments));
  }
}
