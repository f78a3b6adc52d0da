package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.nothing;
import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Argument.octal;
import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.*;

import java.util.List;
import java.util.stream.Stream;
import nixbuildshell.plan.Argument.Data;
import nixbuildshell.plan.Argument.Number;
import nixbuildshell.sandbox.Entry.BoundStore;
import nixbuildshell.sandbox.Entry.LayeredStore;
import nixbuildshell.sandbox.StoreView;

/** The steps that mount single store paths of the host. */
final class StorePaths {
  private final List<Step> steps;

  StorePaths(List<Step> steps) {
    this.steps = steps;
  }

  void mount(BoundStore store) {
    bind(store.directory(), store.path());
    bind(store.host(), store.path(), store.paths().stream().map(path -> path.baseName()));
  }

  /**
   * Makes the mount points in memory and mounts the store over them. The file system that they are
   * in is not seen: it is mounted in the session's directory, which goes with the old root.
   */
  void mount(LayeredStore store) {
    fileSystem("tmpfs", text(store.lower()), "mode=0755", "the mount points of " + store.path());
    store.members().forEach(member -> point(store, member));
    // One number of device for all files, as in a directory: tar and find look at it.
    String options =
        "lowerdir="
            + store.lower()
            + ",upperdir="
            + store.upper()
            + ",workdir="
            + store.work()
            + ",userxattr,xino=on";
    fileSystem("overlay", Root.path(store.path()), options, store.path());
    bind(
        store.host(),
        store.path(),
        store.members().stream().map(member -> member.path().baseName()));
  }

  private void point(LayeredStore store, StoreView.Member member) {
    String name = "/" + member.path().baseName();
    String label = "make " + store.path() + name;
    Argument path = text(store.lower() + name);
    steps.add(
        member.kind() == StoreView.Kind.DIRECTORY
            ? Step.of(label, Syscall.MKDIRAT, AT_FDCWD, path, octal(0755))
            : Step.of(
                label,
                Syscall.MKNODAT,
                AT_FDCWD,
                path,
                new Number(S_IFREG | 0444, "S_IFREG|0444"),
                number(0)));
  }

  private void fileSystem(String type, Argument on, String options, String what) {
    steps.add(
        Step.of(
            "mount " + what,
            Syscall.MOUNT,
            text(type),
            on,
            text(type),
            new Number(0, "0"),
            text(options)));
  }

  private void bind(String host, String path, Stream<String> names) {
    names.forEach(name -> bind(host + "/" + name, path + "/" + name));
    protect(path);
  }

  private void bind(String source, String path) {
    steps.add(
        Step.of(
            "mount " + path,
            Syscall.MOUNT,
            text(source),
            Root.path(path),
            nothing(),
            flags("MS_BIND", MS_BIND),
            nothing()));
  }

  /**
   * Store paths may be the caller's own files (where Nix has a single user), so that only the
   * mounts can protect them. All at once: a remount of each would have to repeat the flags that are
   * locked in a user namespace, which differ by host.
   */
  private void protect(String store) {
    int flags = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    String names = "MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV";
    steps.add(
        Step.of(
            "make the store paths read-only",
            Syscall.MOUNT_SETATTR,
            AT_FDCWD,
            Root.path(store),
            AT_RECURSIVE,
            new Data(Structures.mountAttributes(flags, 0), "{attr_set=" + names + "}"),
            number(32)));
    steps.add(
        Step.of(
            "make the store writable around them",
            Syscall.MOUNT_SETATTR,
            AT_FDCWD,
            Root.path(store),
            number(0),
            new Data(
                Structures.mountAttributes(0, MOUNT_ATTR_RDONLY), "{attr_clr=MOUNT_ATTR_RDONLY}"),
            number(32)));
  }
}
