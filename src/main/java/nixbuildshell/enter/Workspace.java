package nixbuildshell.enter;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import nixbuildshell.ByteString;
import nixbuildshell.capture.BuilderFile;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.capture.Known;
import nixbuildshell.console.Messages;
import nixbuildshell.console.ProgressLine;
import nixbuildshell.files.Descriptor;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Owner;
import nixbuildshell.files.TreeCopy;
import nixbuildshell.files.TreeRemoval;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.session.PartialOutput;
import nixbuildshell.session.Session;
import nixbuildshell.session.Sessions;
import nixbuildshell.session.ShownStore;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StorePath;

/**
 * Fills a new session: the copy of the build directory, its env-vars, and what outputs there are.
 */
final class Workspace {
  private static final ByteString ENV_VARS = ByteString.of("env-vars");
  private static final ByteString STATE = ByteString.of(".nix-build-shell/state.bash");

  /** What Nix keeps beside the outputs: path locks, roots of running builds, second builds. */
  private static final List<String> NO_OUTPUTS = List.of(".lock", ".chroot", ".drv", ".check");

  private final FileSystem files;
  private final NixStore nix;
  private final Session session;
  private final TreeCopy copy;
  private final Optional<Owner> owner;
  private final Messages messages;

  Workspace(
      FileSystem files,
      NixStore nix,
      Session session,
      Optional<Owner> owner,
      ProgressLine progress,
      BooleanSupplier cancelled,
      Messages messages) {
    this.files = files;
    this.nix = nix;
    this.session = session;
    this.owner = owner;
    this.copy = new TreeCopy(owner, progress::copied, cancelled, Sessions.REMEDY);
    this.messages = messages;
  }

  /**
   * Copies what Nix kept and marks the session as complete.
   *
   * @throws java.util.concurrent.CancellationException when that was asked for
   */
  void fill(KeptDirectory kept, FailedBuild build, StoreView store) {
    Set<ByteString> substituted = new HashSet<>();
    if (!(build.environment() instanceof FailedBuild.Kept)) {
      substituted.add(ENV_VARS);
    }
    try (Directory target = session.open("build")) {
      TreeCopy.Result result = copy.contents(kept.build(), target);
      for (BuilderFile file : build.builderFiles()) {
        ByteString name = ByteString.of(file.name());
        if (result.missed().stream().anyMatch(missed -> missed.path().equals(name))) {
          write(target, name, file.content(), 0644);
          tell(file);
          substituted.add(name);
        }
      }
      if (build.environment() instanceof FailedBuild.Rebuilt script) {
        write(target, ENV_VARS, script.envVars().script(), 0600);
      }
      report(result, substituted);
    }
    fillStore(build.outputs().values(), store, kept.owner());
    session.markStaged();
  }

  private void tell(BuilderFile file) {
    String text = file.name() + " is not readable, and rebuilt from the derivation";
    if (file.lacks().isEmpty()) {
      messages.detail(text);
    } else {
      messages.note(text + "; it lacks " + file.lacks());
    }
  }

  /**
   * What was rebuilt is no loss, and the hook's record of the shell's state is private on purpose;
   * everything else that is missing is said.
   */
  private void report(TreeCopy.Result result, Set<ByteString> substituted) {
    List<TreeCopy.Missed> missed =
        result.missed().stream()
            .filter(each -> !substituted.contains(each.path()))
            .filter(each -> !each.path().equals(STATE))
            .toList();
    long more = result.missedInAll() - result.missed().size();
    for (TreeCopy.Missed each : missed) {
      messages.note(
          "not copied: " + (each.path().isEmpty() ? "." : each.path()) + ": " + each.why());
    }
    if (more > 0) {
      messages.note("not copied: " + more + " more");
    }
    messages.detail(String.format("copied %,d files, %,d bytes", result.files(), result.bytes()));
  }

  private void write(Directory target, ByteString name, ByteString content, int mode) {
    try {
      TreeRemoval.remove(target, name);
      try (Descriptor file = target.createFile(name, 0600)) {
        file.write(content.bytes());
        file.setMode(mode);
        if (owner.isPresent()) {
          file.setOwner(owner.get().uid(), owner.get().gid());
        }
        file.closeWritten();
      }
    } catch (ErrnoException e) {
      throw e.failure("cannot write " + target.place().child(name), "");
    }
  }

  private void fillStore(Collection<Known<StorePath>> outputs, StoreView view, long maker) {
    try (Directory store = files.openDirectory(ByteString.of(nix.real()))) {
      if (view instanceof StoreView.Exact exact) {
        List<ShownStore.Shown> members = exact.members().stream().map(Workspace::shown).toList();
        ShownStore.prepare(session, store, members, exact.layered());
        try (Directory shown = session.open(ShownStore.changes(exact.layered()))) {
          outputs(outputs, store, maker, name -> copy.entry(store, name, shown));
        }
      } else {
        try (Directory upper = session.open("store/upper")) {
          outputs(outputs, store, maker, name -> PartialOutput.seed(copy, store, name, upper));
        }
      }
    } catch (ErrnoException e) {
      throw e.failure("cannot open " + nix.real(), "is Nix installed here?");
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
   * kept directory's owner, of the sandbox's user (another one where a build has the former now) or
   * of nobody in particular: env-vars could name the half-made output of somebody else's build, or
   * what is no output.
   */
  private void outputs(
      Collection<Known<StorePath>> outputs,
      Directory store,
      long maker,
      Function<ByteString, TreeCopy.Result> copyOf)
      throws ErrnoException {
    for (StorePath output : outputs.stream().map(Known::value).distinct().toList()) {
      ByteString name = ByteString.of(output.baseName());
      if (mayBeCopied(store, name, maker)) {
        TreeCopy.Result result = copyOf.apply(name);
        if (result.missed().stream().noneMatch(missed -> missed.path().equals(name))) {
          messages.detail("the output " + output + " was begun: it is in the sandbox, writable");
        }
        report(result, Set.of());
      }
    }
  }

  private boolean mayBeCopied(Directory store, ByteString name, long maker) throws ErrnoException {
    if (NO_OUTPUTS.stream().anyMatch(name.latin1()::endsWith)) {
      return false;
    }
    try {
      long uid = store.status(name).uid();
      return owner.isEmpty() || uid == 0 || uid == maker || owner.get().has(uid);
    } catch (ErrnoException e) {
      if (e.missing()) {
        return false;
      }
      throw e;
    }
  }
}
