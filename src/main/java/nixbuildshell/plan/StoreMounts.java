package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.MS_BIND;
import static nixbuildshell.plan.Step.Kind.MOUNT_OVERLAY;
import static nixbuildshell.plan.Step.Kind.OTHER;
import static nixbuildshell.plan.Steps.outside;

import java.util.ArrayList;
import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.files.FileType;
import nixbuildshell.plan.Argument.InStore;
import nixbuildshell.sandbox.Entry.BoundStore;
import nixbuildshell.sandbox.Entry.LayeredStore;
import nixbuildshell.sandbox.Entry.Overlay;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.store.StorePath;

/** Mounts the whole store below a layer that takes the changes, or some of its paths. */
record StoreMounts(Steps steps, OldKernel kernel) {

  /** Mounts store paths on the mount points in the session's directory. */
  void bind(BoundStore store) {
    steps.bind("mount " + store.path(), text(store.directory()), outside(store.path()), MS_BIND);
    bindPaths(store.path(), store.host(), store.paths());
    kernel.protectStorePaths(steps, store.path(), store.paths());
  }

  void overlay(Overlay store) {
    String options = options(escaped(store.lower()), store.upper(), store.work());
    steps.mount(MOUNT_OVERLAY, store.path(), "overlay", outside(store.path()), "overlay", options);
  }

  /** Escapes commas, which end an option, and colons, which end a layer (fs/overlayfs). */
  private static String escaped(String path) {
    return path.replace(",", "\\,").replace(":", "\\:");
  }

  /**
   * Makes the mount points in memory and mounts the store over them. Their file system is not seen
   * inside: it is mounted in the session's directory, which vanishes with the old root.
   */
  void layer(LayeredStore store) {
    List<StorePath> directories = paths(store.members(), true);
    List<StorePath> files = paths(store.members(), false);
    mountPoints(store, "the mount points of " + store.path());
    String label = "make " + store.path() + "/";
    InStore point = new InStore(ByteString.of(store.lower() + "/"));
    steps.addEach(Steps.directory(label, point, Steps.OF_DIRECTORIES), directories);
    steps.addEach(Steps.mountPoint(label, point), files);
    layers(store, outside(store.path()));
    bindPaths(store.path(), store.host(), directories);
    bindPaths(store.path(), store.host(), files);
    List<StorePath> all = new ArrayList<>(directories);
    all.addAll(files);
    kernel.protectStorePaths(steps, store.path(), all);
  }

  /** Returns the directories, or the others. */
  private static List<StorePath> paths(List<StoreView.Member> members, boolean directories) {
    List<StorePath> paths = new ArrayList<>(members.size());
    for (StoreView.Member member : members) {
      if ((member.type() == FileType.DIRECTORY) == directories) {
        paths.add(member.path());
      }
    }
    return List.copyOf(paths);
  }

  /** Mounts the layers without mount points, to try them. */
  void tryLayers(LayeredStore store) {
    mountPoints(store, "a file system in memory");
    layers(store, text(store.lower()));
  }

  private void mountPoints(LayeredStore store, String label) {
    steps.mount(OTHER, label, "tmpfs", text(store.lower()), "tmpfs", "mode=0755");
  }

  /** Mounts the layers. All files get one device number: tar and find look at it. */
  private void layers(LayeredStore store, Argument on) {
    String options = options(store.lower(), store.upper(), store.work()) + ",xino=on";
    steps.mount(MOUNT_OVERLAY, store.path(), "overlay", on, "overlay", options);
  }

  private static String options(String lower, String upper, String work) {
    return "lowerdir=" + lower + ",upperdir=" + upper + ",workdir=" + work + ",userxattr";
  }

  private void bindPaths(String store, String host, List<StorePath> paths) {
    Argument from = new InStore(ByteString.of(host + "/"));
    Argument to = new InStore(ByteString.of(Steps.ROOT + store + "/"));
    steps.addEach(Steps.mount(OTHER, "mount " + store + "/", from, to, MS_BIND), paths);
  }
}
