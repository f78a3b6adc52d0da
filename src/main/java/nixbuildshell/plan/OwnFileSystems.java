package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.nothing;
import static nixbuildshell.plan.Argument.octal;
import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.AT_FDCWD;
import static nixbuildshell.plan.Constants.ROOT;

import java.util.List;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Argument.Number;
import nixbuildshell.sandbox.Entry;
import nixbuildshell.sandbox.Entry.Devpts;
import nixbuildshell.sandbox.Entry.Overlay;
import nixbuildshell.sandbox.Entry.Proc;
import nixbuildshell.sandbox.Entry.Sysfs;
import nixbuildshell.sandbox.Entry.Tmpfs;

/**
 * The file systems that the sandbox has for itself. Source and flags are those of Nix ({@code
 * mount("none", …, 0, …)} in local-derivation-goal.cc), which everybody inside can read.
 */
final class OwnFileSystems {
  private static final String NIX_SOURCE = "none";

  private final List<Step> steps;

  OwnFileSystems(List<Step> steps) {
    this.steps = steps;
  }

  void tmpfs(Tmpfs tmpfs) {
    mount(tmpfs, NIX_SOURCE, "tmpfs", tmpfs.options());
  }

  /**
   * The kernel makes its {@code ptmx} with mode 0 unless an option says otherwise; Nix changes it.
   */
  void devpts(Devpts devpts) {
    mount(devpts, NIX_SOURCE, "devpts", "newinstance,mode=0620");
    String ptmx = devpts.path() + "/ptmx";
    steps.add(Step.of("open " + ptmx, Syscall.FCHMODAT, AT_FDCWD, text(ROOT + ptmx), octal(0666)));
  }

  void proc(Proc proc) {
    mount(proc, NIX_SOURCE, "proc", "");
  }

  void sysfs(Sysfs sysfs) {
    mount(sysfs, NIX_SOURCE, "sysfs", "");
  }

  void overlay(Overlay overlay) {
    String options =
        "lowerdir="
            + escaped(overlay.lower())
            + ",upperdir="
            + overlay.upper()
            + ",workdir="
            + overlay.work()
            + ",userxattr";
    mount(overlay, "overlay", "overlay", options);
  }

  /** A comma ends an option, and a colon a layer (ovl_next_opt in fs/overlayfs). */
  private static String escaped(String path) {
    return path.replace(",", "\\,").replace(":", "\\:");
  }

  private void mount(Entry entry, String source, String type, String options) {
    steps.add(
        Step.of(
            "mount " + entry.path(),
            Syscall.MOUNT,
            text(source),
            text(ROOT + entry.path()),
            text(type),
            new Number(0, "0"),
            options.isEmpty() ? nothing() : text(options)));
  }
}
