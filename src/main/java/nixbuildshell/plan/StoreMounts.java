package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.MS_BIND;
import static nixbuildshell.plan.Step.Kind.MOUNT_OVERLAY;
import static nixbuildshell.plan.Step.Kind.OTHER;
import static nixbuildshell.plan.Steps.outside;

import java.util.List;
import nixbuildshell.files.FileType;
import nixbuildshell.sandbox.Entry.BoundStore;
import nixbuildshell.sandbox.Entry.LayeredStore;
import nixbuildshell.sandbox.Entry.Overlay;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.store.StorePath;

/** Mounts the store: all of it below a layer that takes the changes, or some of its paths. */
record StoreMounts(Steps steps, OldKernel kernel) {

  /** Mounts store paths on the directories and files of their names in the session's directory. */
  void bind(BoundStore store) {
    steps.bind(store.path(), text(store.directory()), outside(store.path()), MS_BIND);
    bindPaths(store.path(), store.host(), store.paths());
  }

  void overlay(Overlay store) {
    String options = options(escaped(store.lower()), store.upper(), store.work());
    steps.mount(MOUNT_OVERLAY, store.path(), "overlay", outside(store.path()), "overlay", options);
  }

  /** A comma ends an option, and a colon a layer (ovl_next_opt in fs/overlayfs). */
  private static String escaped(String path) {
    return path.replace(",", "\\,").replace(":", "\\:");
  }

  /**
   * Makes the mount points in memory and mounts the store over them. The file system that they are
   * in is not seen: it is mounted in the session's directory, which goes with the old root.
   */
  void layer(LayeredStore store) {
    mountPoints(store, "the mount points of " + store.path());
    store.members().forEach(member -> makeMountPoint(store, member));
    layers(store, outside(store.path()));
    bindPaths(
        store.path(), store.host(), store.members().stream().map(StoreView.Member::path).toList());
  }

  /** Mounts the same without a mount point in it, for a child that only tries it. */
  void tryLayers(LayeredStore store) {
    mountPoints(store, "a file system in memory");
    layers(store, text(store.lower()));
  }

  private void mountPoints(LayeredStore store, String label) {
    steps.mount(OTHER, label, "tmpfs", text(store.lower()), "tmpfs", "mode=0755");
  }

  /** Gives all files one device number, as in a directory: tar and find look at it. */
  private void layers(LayeredStore store, Argument on) {
    String options = options(store.lower(), store.upper(), store.work()) + ",xino=on";
    steps.mount(MOUNT_OVERLAY, store.path(), "overlay", on, "overlay", options);
  }

  private static String options(String lower, String upper, String work) {
    return "lowerdir=" + lower + ",upperdir=" + upper + ",workdir=" + work + ",userxattr";
  }

  private void makeMountPoint(LayeredStore store, StoreView.Member member) {
    String name = "/" + member.path().baseName();
    if (member.type() == FileType.DIRECTORY) {
      steps.makeDirectory(store.path() + name, text(store.lower() + name), 0755);
    } else {
      steps.makeMountPoint(store.path() + name, text(store.lower() + name));
    }
  }

  private void bindPaths(String store, String host, List<StorePath> paths) {
    List<String> names = paths.stream().map(StorePath::baseName).toList();
    for (String name : names) {
      String path = store + "/" + name;
      steps.bind(path, text(host + "/" + name), outside(path), MS_BIND);
    }
    kernel.protectStorePaths(steps, store, names);
  }
}
