package nixbuildshell.cli;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import nixbuildshell.ByteString;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.Known;
import nixbuildshell.capture.StorePath;
import nixbuildshell.linux.Descriptor;
import nixbuildshell.linux.Directory;
import nixbuildshell.linux.ErrnoException;
import nixbuildshell.linux.FileSystem;
import nixbuildshell.linux.FileType;
import nixbuildshell.sandbox.NixSandbox;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.session.Owner;
import nixbuildshell.session.PartialOutput;
import nixbuildshell.session.Session;
import nixbuildshell.session.ShownStore;
import nixbuildshell.session.TreeCopy;
import nixbuildshell.session.TreeRemoval;

/**
 * Fills a new session: the copy of the build directory, its env-vars, and what outputs there are.
 */
final class Workspace {
  private static final ByteString ENV_VARS = ByteString.of("env-vars");
  private static final ByteString STATE = ByteString.of(".nix-build-shell/state.bash");

  /** What Nix keeps beside the outputs: path locks, roots of running builds, second builds. */
  private static final List<String> NO_OUTPUTS = List.of(".lock", ".chroot", ".drv", ".check");

  private final FileSystem files;
  private final Session session;
  private final TreeCopy copy;
  private final Optional<Owner> owner;
  private final Messages messages;

  Workspace(
      FileSystem files,
      Session session,
      Optional<Owner> owner,
      CopyProgress progress,
      BooleanSupplier cancelled,
      Messages messages) {
    this.files = files;
    this.session = session;
    this.owner = owner;
    this.copy = new TreeCopy(owner, progress, cancelled);
    this.messages = messages;
  }

  /**
   * Copies what Nix kept and marks the session as complete.
   *
   * @throws java.util.concurrent.CancellationException when that was asked for
   */
  void fill(KeptDirectory kept, FailedBuild build, StoreView store) {
    boolean rebuilt = build.environment() instanceof FailedBuild.Rebuilt;
    try (Directory target = session.open("build")) {
      report(copy.contents(kept.build(), target), rebuilt);
      if (build.environment() instanceof FailedBuild.Rebuilt script) {
        write(target, script.envVars().script());
      }
    }
    fillStore(build.outputs().values(), store);
    session.markStaged();
  }

  /**
   * An env-vars that was rebuilt is no loss, and the hook's record of the shell's state is private
   * on purpose; everything else that is missing is said.
   */
  private void report(TreeCopy.Result result, boolean rebuilt) {
    List<TreeCopy.Missed> missed =
        result.missed().stream()
            .filter(each -> !(rebuilt && each.path().equals(ENV_VARS)))
            .filter(each -> !each.path().equals(STATE))
            .toList();
    long more = result.missedInAll() - result.missed().size();
    for (TreeCopy.Missed each : missed) {
      messages.note("not copied: " + each.path() + ": " + each.why());
    }
    if (more > 0) {
      messages.note("not copied: " + more + " more");
    }
    messages.detail(String.format("copied %,d files, %,d bytes", result.files(), result.bytes()));
  }

  private void write(Directory target, ByteString script) {
    try {
      TreeRemoval.remove(target, ENV_VARS);
      try (Descriptor file = target.createFile(ENV_VARS, 0600)) {
        file.write(script.bytes());
        if (owner.isPresent()) {
          file.setOwner(owner.get().uid(), owner.get().gid());
        }
        file.closeWritten();
      }
    } catch (ErrnoException e) {
      throw e.failure("cannot write " + target.place().child(ENV_VARS), "");
    }
  }

  private void fillStore(Collection<Known<StorePath>> outputs, StoreView view) {
    try (Directory store = files.openDirectory(ByteString.of(NixSandbox.STORE))) {
      if (view instanceof StoreView.Exact exact) {
        List<ShownStore.Shown> members = exact.members().stream().map(Workspace::shown).toList();
        ShownStore.prepare(session, store, members, exact.layered());
        try (Directory shown = session.open(ShownStore.changes(exact.layered()))) {
          outputs(outputs, store, name -> copy.entry(store, name, shown));
        }
      } else {
        try (Directory upper = session.open("store/upper")) {
          outputs(outputs, store, name -> PartialOutput.seed(copy, store, name, upper));
        }
      }
    } catch (ErrnoException e) {
      throw e.failure("cannot open " + NixSandbox.STORE, "is Nix installed here?");
    }
  }

  private static ShownStore.Shown shown(StoreView.Member member) {
    FileType type =
        switch (member.kind()) {
          case DIRECTORY -> FileType.DIRECTORY;
          case FILE -> FileType.REGULAR;
          case LINK -> FileType.LINK;
        };
    return new ShownStore.Shown(ByteString.of(member.path().baseName()), type);
  }

  /**
   * Gives the session the outputs that lie in the real store already. For root only those of the
   * build user or of nobody in particular: env-vars could name the half-made output of somebody
   * else's build, or what is no output.
   */
  private void outputs(
      Collection<Known<StorePath>> outputs,
      Directory store,
      Function<ByteString, TreeCopy.Result> copyOf)
      throws ErrnoException {
    for (StorePath output : outputs.stream().map(Known::value).distinct().toList()) {
      ByteString name = ByteString.of(output.baseName());
      if (mayBeCopied(store, name)) {
        TreeCopy.Result result = copyOf.apply(name);
        if (result.missed().stream().noneMatch(missed -> missed.path().equals(name))) {
          messages.detail("the output " + output + " was begun: it is in the sandbox, writable");
        }
        report(result, false);
      }
    }
  }

  private boolean mayBeCopied(Directory store, ByteString name) throws ErrnoException {
    if (NO_OUTPUTS.stream().anyMatch(name.latin1()::endsWith)) {
      return false;
    }
    try {
      long uid = store.status(name).uid();
      return owner.isEmpty() || uid == 0 || uid == owner.get().uid();
    } catch (ErrnoException e) {
      if (e.missing()) {
        return false;
      }
      throw e;
    }
  }
}
