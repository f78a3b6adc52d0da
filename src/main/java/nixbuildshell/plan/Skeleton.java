package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.nothing;
import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Argument.octal;
import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.*;

import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.plan.Argument.Data;
import nixbuildshell.plan.Argument.Number;
import nixbuildshell.plan.Argument.Text;
import nixbuildshell.sandbox.Entry;
import nixbuildshell.sandbox.Entry.BindDirectory;
import nixbuildshell.sandbox.Entry.BindFile;
import nixbuildshell.sandbox.Entry.BoundStore;
import nixbuildshell.sandbox.Entry.Directory;
import nixbuildshell.sandbox.Entry.Host;
import nixbuildshell.sandbox.Entry.Inside;
import nixbuildshell.sandbox.Entry.Link;
import nixbuildshell.sandbox.Entry.Overlay;
import nixbuildshell.sandbox.Entry.Proc;
import nixbuildshell.sandbox.Entry.Session;
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

  private final List<Step> steps;

  Skeleton(List<Step> steps) {
    this.steps = steps;
  }

  /** Makes the entry itself, or what it will be mounted on. */
  void place(Entry entry) {
    if (entry instanceof Directory directory) {
      directory(directory.path(), directory.mode());
    } else if (entry instanceof TextFile file) {
      file(file);
    } else if (entry instanceof Link link) {
      add(entry, "make ", Syscall.SYMLINKAT, text(link.target()), AT_FDCWD, outside(link.path()));
    } else if (entry instanceof BindDirectory bind) {
      directory(bind.path(), 0755);
      bind(entry, source(bind.source()), MS_BIND | MS_REC, "MS_BIND|MS_REC");
    } else if (entry instanceof BindFile bind) {
      Argument mode = new Number(S_IFREG | 0444, "S_IFREG|0444");
      add(entry, "make ", Syscall.MKNODAT, AT_FDCWD, outside(bind.path()), mode, number(0));
      if (!(bind.source() instanceof Inside)) {
        bind(entry, source(bind.source()), MS_BIND, "MS_BIND");
      }
    } else if (entry instanceof BoundStore store) {
      directory(store.path(), 0755);
      bind(store, store.directory(), MS_BIND, "MS_BIND");
      store.paths().forEach(path -> bindStorePath(store, path.baseName()));
      protect(store);
    } else {
      directory(entry.path(), 0755);
    }
  }

  /** Mounts the entry if it is a file system whose files get the mounter's ids. */
  void mountOwned(Entry entry) {
    if (entry instanceof Tmpfs tmpfs) {
      String options = String.format("mode=%04o,%s", tmpfs.mode(), tmpfs.options());
      mount(entry, "tmpfs", MS_NOSUID | MS_NODEV, "MS_NOSUID|MS_NODEV", options);
    } else if (entry instanceof Proc) {
      int flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
      mount(entry, "proc", flags, "MS_NOSUID|MS_NODEV|MS_NOEXEC", "");
    } else if (entry instanceof Overlay overlay) {
      String options =
          "lowerdir="
              + overlay.lower()
              + ",upperdir="
              + overlay.upper()
              + ",workdir="
              + overlay.work()
              + ",userxattr";
      mount(entry, "overlay", MS_NOSUID | MS_NODEV, "MS_NOSUID|MS_NODEV", options);
    }
  }

  /** Binds the entry if it comes from the sandbox itself; paths are those of the new root. */
  void bindFromInside(Entry entry) {
    if (entry instanceof BindFile bind && bind.source() instanceof Inside inside) {
      steps.add(
          Step.of(
              "mount " + entry.path(),
              Syscall.MOUNT,
              new Text(inside.path()),
              text(entry.path()),
              nothing(),
              flags("MS_BIND", MS_BIND),
              nothing()));
    }
  }

  private void directory(String path, int mode) {
    steps.add(Step.of("make " + path, Syscall.MKDIRAT, AT_FDCWD, outside(path), octal(mode)));
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

  private void mount(Entry entry, String type, int flags, String names, String options) {
    add(
        entry,
        "mount ",
        Syscall.MOUNT,
        text(type),
        outside(entry.path()),
        text(type),
        flags(names, flags),
        options.isEmpty() ? nothing() : text(options));
  }

  private void bindStorePath(BoundStore store, String name) {
    String path = store.path() + "/" + name;
    steps.add(
        Step.of(
            "mount " + path,
            Syscall.MOUNT,
            text(store.host() + "/" + name),
            outside(path),
            nothing(),
            flags("MS_BIND", MS_BIND),
            nothing()));
  }

  /**
   * Store paths may be the caller's own files (where Nix has a single user), so that only the
   * mounts can protect them. All at once: a remount of each would have to repeat the flags that are
   * locked in a user namespace, which differ by host.
   */
  private void protect(BoundStore store) {
    int flags = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    String names = "MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV";
    steps.add(
        Step.of(
            "make the store paths read-only",
            Syscall.MOUNT_SETATTR,
            AT_FDCWD,
            outside(store.path()),
            AT_RECURSIVE,
            new Data(Structures.mountAttributes(flags, 0), "{attr_set=" + names + "}"),
            number(32)));
    steps.add(
        Step.of(
            "make the store writable around them",
            Syscall.MOUNT_SETATTR,
            AT_FDCWD,
            outside(store.path()),
            number(0),
            new Data(
                Structures.mountAttributes(0, MOUNT_ATTR_RDONLY), "{attr_clr=MOUNT_ATTR_RDONLY}"),
            number(32)));
  }

  private static String source(Entry.Source source) {
    if (source instanceof Host host) {
      return host.path();
    } else if (source instanceof Session session) {
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
