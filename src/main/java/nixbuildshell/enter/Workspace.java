package nixbuildshell.enter;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Errno;
import nixbuildshell.capture.BuilderFile;
import nixbuildshell.capture.Fact;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.console.Messages;
import nixbuildshell.console.ShellWord;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileContent;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.Owner;
import nixbuildshell.files.Status;
import nixbuildshell.files.TreeCopy;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.session.MountPoints;
import nixbuildshell.session.Session;
import nixbuildshell.session.SpareStores;
import nixbuildshell.session.WorkingCopy;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StorePath;
import nixbuildshell.view.RefusedOutput;

/** Fills a new session with the build directory and the store. */
final class Workspace {
  private static final String DENIED = Errno.describe(Errno.EACCES.number());
  private static final ByteString ENV_VARS = ByteString.of("env-vars");
  private static final int MOST_NAMED = 10;

  /** Lists what Nix keeps beside outputs: path locks, roots of running builds, second builds. */
  private static final List<String> NO_OUTPUTS = List.of(".lock", ".chroot", ".drv", ".check");

  private final NixStore nix;
  private final SpareStores spares;
  private final Session session;
  private final WorkingCopy copy;
  private final Optional<Owner> owner;
  private final Messages messages;

  /** Whether something was not copied because the caller may not read it. */
  private boolean denied;

  Workspace(NixStore nix, SpareStores spares, WorkingCopy copy, Messages messages) {
    this.nix = nix;
    this.spares = spares;
    this.session = copy.session();
    this.owner = copy.copy().owner();
    this.copy = copy;
    this.messages = messages;
  }

  /**
   * Makes what the builder began with: no outputs, and in the build directory only the files that
   * Nix puts there.
   */
  void begin(FileSystem files, KeptDirectory kept, FailedBuild build, StoreView store) {
    for (BuilderFile file : build.run().files()) {
      ByteString name = ByteString.of(file.name());
      if (file.lacks().isEmpty() || misses(copy.copyBuildFile(kept.build(), name), name)) {
        file.content().ifPresent(content -> copy.writeBuildFile(name, content, 0644));
      }
    }
    fillStore(files, store, List.of(), kept.owner());
  }

  /**
   * Makes what the builder begins with, and adds its variables in {@code env-vars}.
   *
   * @param setup what stdenv's setup made, if it ran
   */
  void beginWithVariables(
      FileSystem files,
      KeptDirectory none,
      FailedBuild build,
      StoreView store,
      Optional<SetupResult> setup) {
    begin(files, none, build, store);
    build.run().files().stream()
        .filter(file -> !file.lacks().isEmpty())
        .map(file -> file.name() + " lacks " + file.lacks() + ", which Nix alone knows")
        .forEach(messages::note);
    if (build.run().environment() instanceof FailedBuild.Rebuilt script) {
      ByteString variables = setup.map(SetupResult::variables).orElse(script.envVars().script());
      copy.writeBuildFile(ENV_VARS, variables, 0600);
    }
    setup.ifPresent(made -> add(made, build.run().files()));
  }

  /**
   * Makes what the builder left of what was copied, and adds what cannot be read.
   *
   * @param result of the copy of the kept directory
   * @param setup what stdenv's setup made, if it ran
   */
  void fill(
      FileSystem files,
      KeptDirectory kept,
      FailedBuild build,
      TreeCopy.Result result,
      StoreView store,
      Optional<SetupResult> setup) {
    Set<ByteString> substituted = new HashSet<>();
    if (!(build.run().environment() instanceof FailedBuild.Kept)) {
      substituted.add(ENV_VARS);
    }
    for (BuilderFile file : build.run().files()) {
      ByteString name = ByteString.of(file.name());
      if (misses(result, name) && file.content().isPresent()) {
        copy.writeBuildFile(name, file.content().get(), 0644);
        tell(file);
        substituted.add(name);
      }
    }
    if (build.run().environment() instanceof FailedBuild.Rebuilt script) {
      ByteString variables = setup.map(SetupResult::variables).orElse(script.envVars().script());
      copy.writeBuildFile(ENV_VARS, variables, 0600);
    } else if (build.run().environment() instanceof FailedBuild.Kept checked
        && copy.restoreBuildFile(ENV_VARS, checked.envVars())) {
      messages.note("env-vars has changed since it was checked: the sandbox has it as it was then");
      substituted.add(ENV_VARS);
    }
    report(result, substituted);
    tellState(kept, build.sandbox().directory());
    setup.ifPresent(made -> add(made, build.run().files()));
    fillStore(files, store, build.store().outputs().values(), kept.owner());
    if (denied && owner.isEmpty()) {
      messages.note("root can copy them: sudo nix-build-shell " + ShellWord.quote(kept.path()));
    }
  }

  /** Adds what setup made in its build directory: variables name it. */
  private void add(SetupResult made, List<BuilderFile> ofNix) {
    Set<ByteString> known =
        ofNix.stream().map(BuilderFile::name).map(ByteString::of).collect(Collectors.toSet());
    List<ByteString> added =
        made.session().map(session -> copy.addFrom(session, known)).orElse(List.of());
    if (!added.isEmpty()) {
      int more = added.size() - MOST_NAMED;
      messages.detail(
          "not in the kept directory, and made again by $stdenv/setup: "
              + ShellWord.quote(added.subList(0, Math.min(added.size(), MOST_NAMED)))
              + (more > 0 ? " and " + more + " more" : ""));
    }
  }

  private void fillStore(
      FileSystem files, StoreView store, Collection<Fact<StorePath>> outputs, long maker) {
    try (Directory real = open(files, nix)) {
      fillStore(real, store, outputs, maker);
    } catch (ErrnoException e) {
      throw e.failure("cannot look into " + nix.real(), "install Nix on this host");
    }
  }

  /** Makes the mount points of a session that comes to show more store paths than before. */
  static void showMore(FileSystem files, NixStore nix, Session session, StoreView view) {
    if (view instanceof StoreView.Exact exact) {
      try (Directory real = open(files, nix)) {
        new MountPoints(session, real).add(exact.entries());
      }
    }
  }

  private static Directory open(FileSystem files, NixStore nix) {
    try {
      return files.openDirectory(ByteString.of(nix.real()));
    } catch (ErrnoException e) {
      throw e.failure("cannot open " + nix.real(), "install Nix on this host");
    }
  }

  private static boolean misses(TreeCopy.Result result, ByteString name) {
    return result.missed().stream().anyMatch(missed -> missed.path().equals(name));
  }

  private void tell(BuilderFile file) {
    String text = file.name() + " is not readable, and rebuilt from the derivation";
    if (file.lacks().isEmpty()) {
      messages.detail(text);
    } else {
      messages.note(text + "; it lacks " + file.lacks());
    }
  }

  /** Names the state that the hook wrote, which the caller can source. */
  private void tellState(KeptDirectory kept, String directory) {
    FileContent state = kept.state();
    if (state instanceof FileContent.TooLarge) {
      messages.detail(
          "bash can source the state at the failure: " + directory + "/" + KeptDirectory.STATE);
    } else if (state instanceof FileContent.Unreadable) {
      messages.detail(
          KeptDirectory.STATE + " is private, since the build could hold a secret: " + state.why());
    }
  }

  /**
   * Names what was not copied, except what was rebuilt and the state, which is private on purpose.
   */
  private void report(TreeCopy.Result result, Set<ByteString> substituted) {
    List<TreeCopy.Missed> missed =
        result.missed().stream()
            .filter(each -> !substituted.contains(each.path()))
            .filter(each -> !each.path().latin1().equals(KeptDirectory.STATE))
            .toList();
    long more = result.missedInAll() - result.missed().size();
    denied |= missed.stream().anyMatch(each -> each.why().equals(DENIED));
    for (TreeCopy.Missed each : missed) {
      messages.note(
          "not copied: " + (each.path().isEmpty() ? "." : each.path()) + ": " + each.why());
    }
    if (more > 0) {
      messages.note("not copied: " + more + " more");
    }
    messages.detail(
        () -> String.format("copied %,d files, %,d bytes", result.files(), result.bytes()));
  }

  private void fillStore(
      Directory store, StoreView view, Collection<Fact<StorePath>> outputs, long maker)
      throws ErrnoException {
    if (view instanceof StoreView.Exact exact) {
      new MountPoints(session, store).prepare(exact.entries(), owner, spares);
    } else {
      session.makeLayers(owner);
    }
    for (StorePath output : outputs.stream().map(Fact::value).distinct().toList()) {
      ByteString name = ByteString.of(output.baseName());
      if (mayBeCopied(store, name, maker)) {
        TreeCopy.Result result = copyOutput(store, view, name);
        if (!misses(result, name)) {
          messages.detail(
              "the output "
                  + nix.directory().path(output)
                  + " was begun: it is in the sandbox, writable");
        }
        report(result, Set.of());
      }
    }
  }

  private TreeCopy.Result copyOutput(Directory store, StoreView view, ByteString name) {
    return view instanceof StoreView.Exact
        ? copy.copyShownOutput(store, name)
        : copy.copyOutput(store, name);
  }

  /** Shows what Nix has refused for its hash at the path that the builder gave it. */
  void show(FileSystem files, StoreView view, RefusedOutput.Found refused) {
    String expected = nix.directory().path(refused.expected());
    String at = nix.directory().path(refused.at());
    if (!nix.has(refused.expected())) {
      ByteString name = ByteString.of(refused.at().baseName());
      try (Directory real = open(files, nix)) {
        report(copyOutput(real, view, name), Set.of());
      }
      copy.renameOutput(name, ByteString.of(refused.expected().baseName()));
    }
    messages.note(
        refused.certain()
            ? "Nix refused the output, which has another hash than the derivation says. Nix has it"
                + " at "
                + at
                + ", and the sandbox at "
                + expected
            : "no output is there. If Nix refused it for its hash, it is "
                + at
                + ", which an earlier build left; the sandbox has that at "
                + expected);
  }

  /**
   * Decides whether the session gets an output that is in the real store. Root copies only those of
   * the kept directory's owner, of the sandbox's build user, and of root: env-vars could name the
   * half-made output of another build, or no output at all.
   */
  private boolean mayBeCopied(Directory store, ByteString name, long maker) throws ErrnoException {
    if (NO_OUTPUTS.stream().anyMatch(name.latin1()::endsWith)) {
      return false;
    }
    Optional<Status> there = store.find(name);
    return there.isPresent() && (owner.isEmpty() || isOfBuild(there.get().uid(), maker));
  }

  private boolean isOfBuild(long uid, long maker) {
    return uid == 0 || uid == maker || owner.get().has(uid);
  }
}
