package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.nothing;
import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Argument.octal;
import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.*;

import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Argument.Data;
import nixbuildshell.plan.Argument.Number;
import nixbuildshell.plan.Argument.Text;
import nixbuildshell.sandbox.Entry;
import nixbuildshell.sandbox.Entry.Again;
import nixbuildshell.sandbox.Entry.BindDirectory;
import nixbuildshell.sandbox.Entry.BindFile;
import nixbuildshell.sandbox.Entry.BindReadOnly;
import nixbuildshell.sandbox.Entry.BoundStore;
import nixbuildshell.sandbox.Entry.Devpts;
import nixbuildshell.sandbox.Entry.Directory;
import nixbuildshell.sandbox.Entry.HostBind;
import nixbuildshell.sandbox.Entry.HostLink;
import nixbuildshell.sandbox.Entry.InSession;
import nixbuildshell.sandbox.Entry.Inside;
import nixbuildshell.sandbox.Entry.LayeredStore;
import nixbuildshell.sandbox.Entry.Link;
import nixbuildshell.sandbox.Entry.OnHost;
import nixbuildshell.sandbox.Entry.Overlay;
import nixbuildshell.sandbox.Entry.Own;
import nixbuildshell.sandbox.Entry.Proc;
import nixbuildshell.sandbox.Entry.Sysfs;
import nixbuildshell.sandbox.Entry.TextFile;
import nixbuildshell.sandbox.Entry.Tmpfs;

/**
 * The steps that fill the new root, an entry at a time, in three passes: what is placed while the
 * session can be reached, what is mounted as the builder, and what is bound from inside after the
 * pivot.
 */
final class Skeleton {
  private static final Argument WRITE_NEW =
      new Number(0x800c1, "O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC");

  private static final int OWNER_WRITES = 0200;

  private final List<Step> steps;
  private final OldKernel kernel;
  private final OwnFileSystems fileSystems;

  Skeleton(List<Step> steps, OldKernel kernel) {
    this.steps = steps;
    this.kernel = kernel;
    this.fileSystems = new OwnFileSystems(steps);
  }

  /** Makes the entry itself, or what it will be mounted on. */
  void place(Entry entry) {
    if (entry instanceof Directory directory) {
      directory(directory.path(), directory.mode() | OWNER_WRITES);
    } else if (entry instanceof TextFile file) {
      file(file);
    } else if (entry instanceof Link link) {
      add(entry, "make ", Syscall.SYMLINKAT, text(link.target()), AT_FDCWD, outside(link.path()));
    } else if (entry instanceof BindDirectory bind) {
      directory(bind.path(), 0755);
      bind(entry, source(bind.source()), MS_BIND | MS_REC, "MS_BIND|MS_REC");
    } else if (entry instanceof BindFile bind) {
      mountPoint(entry);
      if (!(bind.source() instanceof Inside)) {
        bind(entry, source(bind.source()), MS_BIND, "MS_BIND");
      }
    } else if (entry instanceof BindReadOnly bind) {
      mountPoint(entry);
      bind(entry, source(bind.source()), MS_BIND, "MS_BIND");
      kernel.readOnly(steps, entry.path());
    } else if (entry instanceof BoundStore store) {
      directory(store.path(), 0755);
      bind(store, store.directory(), MS_BIND, "MS_BIND");
      List<String> names = store.paths().stream().map(path -> path.baseName()).toList();
      StoreSteps.bind(steps, kernel, store.path(), store.host(), names);
    } else if (entry instanceof HostBind bind) {
      new HostBinds(steps).mount(bind);
    } else if (entry instanceof HostLink link) {
      new HostBinds(steps).copy(link);
    } else if (entry instanceof Tmpfs tmpfs) {
      directory(tmpfs.path(), 0755);
      fileSystems.tmpfs(tmpfs);
    } else if (entry instanceof Devpts devpts) {
      directory(devpts.path(), 0755);
      fileSystems.devpts(devpts);
    } else if (!(entry instanceof Again || entry instanceof Own)) {
      directory(entry.path(), 0755);
    }
  }

  /** Shuts a directory that its owner may not write to, now that everything is in it. */
  void shut(Entry entry) {
    if (entry instanceof Directory directory && (directory.mode() & OWNER_WRITES) == 0) {
      Argument mode = octal(directory.mode());
      add(entry, "shut ", Syscall.FCHMODAT, AT_FDCWD, outside(directory.path()), mode);
    }
  }

  /** Mounts the entry if it is a file system that must be mounted by the builder. */
  void mountOwned(Entry entry) {
    if (entry instanceof Proc proc) {
      fileSystems.proc(proc);
    } else if (entry instanceof Sysfs sysfs) {
      fileSystems.sysfs(sysfs);
    } else if (entry instanceof Overlay overlay) {
      fileSystems.overlay(overlay);
    } else if (entry instanceof LayeredStore store) {
      StoreSteps.layer(steps, kernel, store);
    }
  }

  /** Binds the entry if it comes from the sandbox itself; paths are those of the new root. */
  void bindFromInside(Entry entry) {
    if (entry instanceof BindFile bind && bind.source() instanceof Inside inside) {
      again(entry.path(), inside.path());
    } else if (entry instanceof Again again) {
      again(again.path(), ByteString.of(again.of()));
    }
  }

  private void again(String path, ByteString of) {
    steps.add(
        Step.of(
            "mount " + path,
            Syscall.MOUNT,
            new Text(of),
            text(path),
            nothing(),
            flags("MS_BIND", MS_BIND),
            nothing()));
  }

  private void directory(String path, int mode) {
    steps.add(Step.of("make " + path, Syscall.MKDIRAT, AT_FDCWD, outside(path), octal(mode)));
  }

  private void mountPoint(Entry entry) {
    Argument mode = new Number(S_IFREG | 0444, "S_IFREG|0444");
    add(entry, "make ", Syscall.MKNODAT, AT_FDCWD, outside(entry.path()), mode, number(0));
  }

  private void file(TextFile file) {
    int opened = steps.size();
    Argument descriptor = new Argument.Result(opened);
    add(
        file,
        "make ",
        Syscall.OPENAT,
        AT_FDCWD,
        outside(file.path()),
        WRITE_NEW,
        octal(file.mode()));
    ByteString content = ByteString.of(file.content());
    steps.add(
        Step.of(
                "write " + file.path(),
                Syscall.WRITE,
                descriptor,
                new Data(content, '"' + content.toString() + '"'),
                number(content.length()))
            .expecting(content.length()));
    add(file, "close ", Syscall.CLOSE, descriptor);
  }

  private void bind(Entry entry, String source, int flags, String names) {
    add(
        entry,
        "mount ",
        Syscall.MOUNT,
        text(source),
        outside(entry.path()),
        nothing(),
        flags(names, flags),
        nothing());
  }

  private static String source(Entry.Source source) {
    if (source instanceof OnHost host) {
      return host.path();
    } else if (source instanceof InSession session) {
      return session.name();
    }
    throw new IllegalArgumentException("not reachable before the pivot: " + source);
  }

  /** The path before the pivot, from the session's directory. */
  private static Argument outside(String path) {
    return text(ROOT + path);
  }

  private void add(Entry entry, String verb, Syscall syscall, Argument... arguments) {
    steps.add(Step.of(verb + entry.path(), syscall, arguments));
  }
}
