package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.nothing;
import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Argument.octal;
import static nixbuildshell.plan.Constants.*;

import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Argument.Number;
import nixbuildshell.plan.Argument.Text;
import nixbuildshell.sandbox.Entry.HostBind;
import nixbuildshell.sandbox.Entry.HostLink;

/** The steps that mount paths of the host, and copy its links, as Nix's {@code doBind} does. */
final class HostBinds {
  private final List<Step> steps;

  HostBinds(List<Step> steps) {
    this.steps = steps;
  }

  void mount(HostBind bind) {
    bind.above().forEach(this::directory);
    Argument point = inRoot(bind.target());
    if (bind.made() && bind.directory()) {
      directory(bind.target());
    } else if (bind.made()) {
      Argument mode = new Number(S_IFREG | 0444, "S_IFREG|0444");
      steps.add(Step.of("make " + bind.path(), Syscall.MKNODAT, AT_FDCWD, point, mode, number(0)));
    }
    steps.add(
        Step.of(
            "mount " + bind.path(),
            Syscall.MOUNT,
            new Text(bind.source()),
            point,
            nothing(),
            flags("MS_BIND|MS_REC", MS_BIND | MS_REC),
            nothing()));
  }

  void copy(HostLink link) {
    link.above().forEach(this::directory);
    Argument destination = new Text(link.destination());
    steps.add(
        Step.of(
            "make " + link.path(),
            Syscall.SYMLINKAT,
            destination,
            AT_FDCWD,
            inRoot(link.target())));
  }

  private void directory(ByteString path) {
    steps.add(Step.of("make " + path, Syscall.MKDIRAT, AT_FDCWD, inRoot(path), octal(0755)));
  }

  private static Argument inRoot(ByteString path) {
    return new Text(ByteString.of(ROOT).plus(path));
  }
}
