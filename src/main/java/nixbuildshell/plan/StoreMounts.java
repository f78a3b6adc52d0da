package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.MS_BIND;
import static nixbuildshell.plan.Step.Kind.MOUNT_OVERLAY;
import static nixbuildshell.plan.Step.Kind.OTHER;
import static nixbuildshell.plan.Steps.outside;

import nixbuildshell.ByteString;
import nixbuildshell.plan.Argument.InStore;
import nixbuildshell.sandbox.Entry.BoundStore;
import nixbuildshell.sandbox.Entry.Overlay;

/** Mounts the whole store below a layer that takes the changes, or some of its paths. */
record StoreMounts(Steps steps, OldKernel kernel) {

  /** Mounts store paths on the mount points in the session's directory. */
  void bind(BoundStore store) {
    steps.bind("mount " + store.path(), text(store.directory()), outside(store.path()), MS_BIND);
    Argument from = new InStore(ByteString.of(store.host() + "/"));
    Argument to = new InStore(ByteString.of(Steps.ROOT + store.path() + "/"));
    String label = "mount " + store.path() + "/";
    steps.addEach(Steps.mount(OTHER, label, from, to, MS_BIND), store.paths());
    kernel.protectStorePaths(steps, store.path(), store.paths());
  }

  void overlay(Overlay store) {
    String options =
        "lowerdir="
            + escaped(store.lower())
            + ",upperdir="
            + store.upper()
            + ",workdir="
            + store.work()
            + ",userxattr";
    steps.mount(MOUNT_OVERLAY, store.path(), "overlay", outside(store.path()), "overlay", options);
  }

  /** Escapes commas, which end an option, and colons, which end a layer (fs/overlayfs). */
  private static String escaped(String path) {
    return path.replace(",", "\\,").replace(":", "\\:");
  }
}
