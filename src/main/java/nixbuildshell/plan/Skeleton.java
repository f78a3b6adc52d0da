package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Argument.octal;
import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.*;
import static nixbuildshell.plan.Steps.outside;

import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Argument.Number;
import nixbuildshell.plan.Argument.Text;
import nixbuildshell.sandbox.Entry;
import nixbuildshell.sandbox.Entry.*;

/**
 * Fills the new root in three passes over the entries: the first places them from the session's
 * directory, the second mounts as the build user, the third binds from inside after the pivot.
 */
final class Skeleton {
  private static final int OWNER_WRITES = 0200;

  private final Steps steps;
  private final OldKernel kernel;
  private final StoreMounts stores;

  Skeleton(Steps steps, OldKernel kernel) {
    this.steps = steps;
    this.kernel = kernel;
    this.stores = new StoreMounts(steps, kernel);
  }

  /** Makes the entry, or its mount point. */
  void place(Entry entry) {
    String path = entry.path();
    if (entry instanceof Directory directory) {
      directory(path, directory.mode() | OWNER_WRITES);
    } else if (entry instanceof TextFile file) {
      file(file);
    } else if (entry instanceof Link link) {
      steps.makeLink(path, text(link.target()), outside(path));
    } else if (entry instanceof BindDirectory bind) {
      directory(path, 0755);
      steps.bind("mount " + path, source(bind.source()), outside(path), MS_BIND.or(MS_REC));
    } else if (entry instanceof BindOver bind) {
      steps.bind("mount " + path, source(bind.source()), outside(path), MS_BIND.or(MS_REC));
    } else if (entry instanceof BindFile bind) {
      steps.makeMountPoint("make " + path, outside(path));
      if (!(bind.source() instanceof Inside)) {
        steps.bind("mount " + path, source(bind.source()), outside(path), MS_BIND);
      }
      if (bind.readOnly()) {
        kernel.readOnly(steps, path);
      }
    } else if (entry instanceof HostBind bind) {
      hostBind(bind);
    } else if (entry instanceof HostLink link) {
      link.above().forEach(steps::makeDirectory);
      steps.makeLink(path, new Text(link.destination()), outside(link.target()));
    } else if (!(entry instanceof Own)) {
      directory(path, 0755);
      if (entry instanceof BoundStore store) {
        stores.bind(store);
      } else if (entry instanceof NewFileSystem system && !system.type().isOfItsMounter()) {
        mount(system);
      }
    }
  }

  /** Forbids the owner to write to a directory, now that its files are there. */
  void shut(Entry entry) {
    if (entry instanceof Directory directory && (directory.mode() & OWNER_WRITES) == 0) {
      setMode("shut " + entry.path(), entry.path(), directory.mode());
    }
  }

  /** Mounts an entry that the build user must mount. */
  void mountOwned(Entry entry) {
    if (entry instanceof NewFileSystem system && system.type().isOfItsMounter()) {
      mount(system);
    } else if (entry instanceof Overlay overlay) {
      stores.overlay(overlay);
    }
  }

  /** Binds an entry that comes from the sandbox itself. Paths are those of the new root. */
  void bindFromInside(Entry entry) {
    if (entry instanceof BindFile bind && bind.source() instanceof Inside inside) {
      Step.Kind kind = bind.isOfTerminals() ? Step.Kind.MAKE_TERMINAL : Step.Kind.OTHER;
      steps.bind(
          kind, "mount " + entry.path(), new Text(inside.path()), text(entry.path()), MS_BIND);
    }
  }

  /**
   * Mounts a file system with the source and the flags of Nix ({@code mount("none", …, 0, …)} in
   * local-derivation-goal.cc), since a build can read them. The kernel gives the {@code ptmx} of a
   * devpts mode 0, and Nix changes that.
   */
  private void mount(NewFileSystem system) {
    Step.Kind kind =
        switch (system.type()) {
          case PROC -> Step.Kind.MOUNT_PROC;
          case DEVPTS -> Step.Kind.MAKE_TERMINAL;
          default -> Step.Kind.OTHER;
        };
    String path = system.path();
    steps.mount(kind, path, "none", outside(path), system.type().toString(), system.options());
    if (system.type() == Entry.FileSystemType.DEVPTS) {
      String ptmx = path + "/ptmx";
      steps.add(
          Step.of(
              kind,
              "let the build user open " + ptmx,
              Syscall.FCHMODAT,
              AT_FDCWD,
              outside(ptmx),
              octal(0666)));
    }
  }

  /** Mounts a path of the host as Nix's {@code doBind} does. */
  private void hostBind(HostBind bind) {
    bind.above().forEach(steps::makeDirectory);
    Argument point = outside(bind.target());
    if (bind.made() && bind.directory()) {
      steps.makeDirectory(bind.target());
    } else if (bind.made()) {
      steps.makeMountPoint("make " + bind.path(), point);
    }
    steps.bind("mount " + bind.path(), new Text(bind.source()), point, MS_BIND.or(MS_REC));
    if (bind.readOnly()) {
      kernel.readOnly(steps, bind);
    }
  }

  private void directory(String path, int mode) {
    steps.makeDirectory("make " + path, outside(path), octal(mode));
  }

  private void setMode(String label, String path, int mode) {
    steps.add(label, Syscall.FCHMODAT, AT_FDCWD, outside(path), octal(mode));
  }

  private void file(TextFile file) {
    String path = file.path();
    Number flags = new Number(0x800c1, "O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC");
    Argument opened =
        steps.add(
            "make " + path, Syscall.OPENAT, AT_FDCWD, outside(path), flags, octal(file.mode()));
    ByteString content = ByteString.of(file.content());
    Number length = number(content.length());
    steps.add(
        Step.of("write " + path, Syscall.WRITE, opened, new Text(content), length)
            .expecting(length.value()));
    steps.add("close " + path, Syscall.CLOSE, opened);
  }

  private static Argument source(Entry.Source source) {
    if (source instanceof OnHost host) {
      return text(host.path());
    } else if (source instanceof InSession session) {
      return text(session.name());
    }
    throw new IllegalArgumentException("not reachable before the pivot: " + source);
  }
}
