package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.nothing;
import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.*;

import java.util.List;
import nixbuildshell.plan.Argument.Data;
import nixbuildshell.sandbox.Entry.BoundStore;

/** The steps that mount single store paths of the host. */
final class StorePaths {
  private final List<Step> steps;

  StorePaths(List<Step> steps) {
    this.steps = steps;
  }

  void mount(BoundStore store) {
    bind(store.directory(), store.path());
    store.paths().stream()
        .map(path -> "/" + path.baseName())
        .forEach(name -> bind(store.host() + name, store.path() + name));
    protect(store);
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
  private void protect(BoundStore store) {
    int flags = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    String names = "MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV";
    steps.add(
        Step.of(
            "make the store paths read-only",
            Syscall.MOUNT_SETATTR,
            AT_FDCWD,
            Root.path(store.path()),
            AT_RECURSIVE,
            new Data(Structures.mountAttributes(flags, 0), "{attr_set=" + names + "}"),
            number(32)));
    steps.add(
        Step.of(
            "make the store writable around them",
            Syscall.MOUNT_SETATTR,
            AT_FDCWD,
            Root.path(store.path()),
            number(0),
            new Data(
                Structures.mountAttributes(0, MOUNT_ATTR_RDONLY), "{attr_clr=MOUNT_ATTR_RDONLY}"),
            number(32)));
  }
}
