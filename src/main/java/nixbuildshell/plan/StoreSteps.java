package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.nothing;
import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Argument.octal;
import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.*;

import java.util.List;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Argument.Number;
import nixbuildshell.sandbox.Entry.LayeredStore;
import nixbuildshell.sandbox.StoreView;

/** The steps that show some store paths of the host and no others. */
final class StoreSteps {
  private StoreSteps() {}

  /**
   * Mounts store paths on the directories and files of their names, read-only.
   *
   * @param path the store, as seen from inside
   * @param host the host's store
   * @param names of the store paths, without the store
   */
  static void bind(
      List<Step> steps, OldKernel kernel, String path, String host, List<String> names) {
    for (String name : names) {
      steps.add(
          Step.of(
              "mount " + path + "/" + name,
              Syscall.MOUNT,
              text(host + "/" + name),
              text(ROOT + path + "/" + name),
              nothing(),
              flags("MS_BIND", MS_BIND),
              nothing()));
    }
    kernel.protectStorePaths(steps, path, names);
  }

  /**
   * Makes the mount points in memory and mounts the store over them. The file system that they are
   * in is not seen: it is mounted in the session's directory, which goes with the old root.
   */
  static void layer(List<Step> steps, OldKernel kernel, LayeredStore store) {
    String points = "the mount points of " + store.path();
    steps.add(fileSystem("tmpfs", store.lower(), "mode=0755", points));
    store.members().forEach(member -> steps.add(point(store, member)));
    overlay(steps, store, ROOT + store.path());
    List<String> names = store.members().stream().map(each -> each.path().baseName()).toList();
    bind(steps, kernel, store.path(), store.host(), names);
  }

  /** The same mounts without a mount point in them, for a child that only tries it. */
  static void tryLayers(List<Step> steps, LayeredStore store) {
    steps.add(fileSystem("tmpfs", store.lower(), "mode=0755", "a file system in memory"));
    overlay(steps, store, store.lower());
  }

  private static void overlay(List<Step> steps, LayeredStore store, String on) {
    // One number of device for all files, as in a directory: tar and find look at it.
    String options =
        "lowerdir="
            + store.lower()
            + ",upperdir="
            + store.upper()
            + ",workdir="
            + store.work()
            + ",userxattr,xino=on";
    steps.add(fileSystem("overlay", on, options, store.path()));
  }

  private static Step point(LayeredStore store, StoreView.Member member) {
    String name = "/" + member.path().baseName();
    String label = "make " + store.path() + name;
    Argument path = text(store.lower() + name);
    return member.kind() == StoreView.Kind.DIRECTORY
        ? Step.of(label, Syscall.MKDIRAT, AT_FDCWD, path, octal(0755))
        : Step.of(
            label,
            Syscall.MKNODAT,
            AT_FDCWD,
            path,
            new Number(S_IFREG | 0444, "S_IFREG|0444"),
            number(0));
  }

  private static Step fileSystem(String type, String on, String options, String what) {
    return Step.of(
        "mount " + what,
        Syscall.MOUNT,
        text(type),
        text(on),
        text(type),
        new Number(0, "0"),
        text(options));
  }
}
