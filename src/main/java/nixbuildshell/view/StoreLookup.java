package nixbuildshell.view;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.LongPredicate;
import java.util.function.Supplier;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.capture.Fact;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.KeptDirectories;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.console.Messages;
import nixbuildshell.files.Answers;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.FileType;
import nixbuildshell.nix.Caller;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.session.Session;
import nixbuildshell.session.ShownStore;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.RememberedClosures;
import nixbuildshell.store.StoreEntries;
import nixbuildshell.store.StoreInputs;
import nixbuildshell.store.StorePath;

/**
 * Decides what the sandbox shows of the store, and checks that the host has it.
 *
 * @param writable whether the sandbox could write to the real file of an owner; then it is refused
 * @param answers what earlier runs were told
 * @param cancelled whether to stop asking Nix
 */
public record StoreLookup(
    Caller caller,
    FileSystem files,
    NixStore nix,
    LongPredicate writable,
    Answers answers,
    BooleanSupplier cancelled,
    Messages messages) {
  /**
   * The most mount points that are made on disk, where the store is an ordinary directory as in
   * Nix's sandbox. Measured on ext4: making and removing one takes 0.1 to 0.6 ms.
   */
  private static final int MOST_ON_DISK = 100;

  private static final Set<FileType> CAN_BE_SHOWN =
      Set.of(FileType.DIRECTORY, FileType.REGULAR, FileType.LINK);

  /**
   * Returns the view for a build.
   *
   * @param sandboxed whether the build had a sandbox; without one it saw the whole store
   * @throws Failure naming all store paths that are gone
   * @throws java.util.concurrent.CancellationException when {@code cancelled} said so
   */
  public StoreView of(
      KeptDirectory kept, FailedBuild build, boolean sandboxed, SandboxPaths sandboxPaths) {
    StoreEntries entries = new StoreEntries(files, nix);
    InputClosure closure =
        new InputClosure(
            nix,
            new RememberedClosures(entries, answers),
            KeptDirectories.finder(caller, files, nix, answers),
            kept,
            build,
            messages);
    Optional<List<StorePath>> seen = build.store().paths().map(Fact::value);
    List<StorePath> tools = sandboxPaths.tools();
    requireThere(tools);
    if (seen.isPresent()) {
      Set<StorePath> paths = withTools(seen.get(), tools);
      build.store().outputs().values().forEach(output -> paths.remove(output.value()));
      return exact(entries, paths, closure::inputs);
    }
    if (!sandboxed
        || !build.manifest().flatMap(manifest -> manifest.sandbox().used()).orElse(true)) {
      return new StoreView.Whole();
    }
    sandboxPaths.ask();
    try {
      return exact(entries, closure.paths(nixStore(), sandboxPaths), StoreLookup::unknown);
    } catch (InputClosure.Unknown e) {
      messages.note("the whole store is shown, as the build's part is unknown: " + e.getMessage());
      return new StoreView.Whole();
    }
  }

  private Optional<NixProgram> nixStore() {
    return NixProgram.find(caller, "nix-store", cancelled);
  }

  private Set<StorePath> withTools(List<StorePath> paths, List<StorePath> tools) {
    Set<StorePath> all = new LinkedHashSet<>(paths);
    if (!tools.isEmpty()) {
      all.addAll(new Tools(nix, tools).closure(nixStore()));
    }
    return all;
  }

  /** Returns a view that also shows a store path and its closure; empty when that is not known. */
  Optional<StoreView> with(StoreView view, StorePath path) {
    if (!(view instanceof StoreView.Exact exact)) {
      return Optional.of(view);
    }
    Set<StorePath> all = new LinkedHashSet<>();
    exact.members().forEach(member -> all.add(member.path()));
    if (all.contains(path)) {
      return Optional.of(view);
    }
    try {
      List<StoreView.Member> members =
          exact(withTools(List.copyOf(all), List.of(path)), StoreLookup::unknown).members();
      return Optional.of(new StoreView.Exact(members, exact.layered()));
    } catch (Failure e) {
      return Optional.empty();
    }
  }

  /** Requires the caller's store paths, whatever else is known of the store. */
  private void requireThere(List<StorePath> tools) {
    new Tools(nix, tools).requireNoneOf(tools.stream().filter(path -> !nix.has(path)).toList());
  }

  /**
   * Returns the view that a session was made with, and the store paths that the caller names now.
   */
  public StoreView of(Session session, SandboxPaths sandboxPaths) {
    List<StorePath> tools = sandboxPaths.tools();
    requireThere(tools);
    Optional<ShownStore> shown = ShownStore.of(session);
    if (shown.isEmpty()) {
      return new StoreView.Whole();
    }
    List<StorePath> paths = new ArrayList<>();
    try {
      for (ByteString name : shown.get().names()) {
        paths.add(StorePath.ofBaseName(name.latin1()));
      }
    } catch (Malformed e) {
      throw new Failure("cannot enter " + session.path(), "its store/paths is damaged", "");
    }
    Set<StorePath> all = withTools(paths, tools);
    return new StoreView.Exact(exact(all, StoreLookup::unknown).members(), shown.get().layered());
  }

  /**
   * Returns the view as a new session can have it: not every file system carries layers, and not
   * every kernel or container mounts them.
   *
   * @param mounts tries it; asked only when layers are wanted
   */
  public static StoreView in(Session session, StoreView view, BooleanSupplier mounts) {
    return view instanceof StoreView.Exact exact
            && exact.layered()
            && !(ShownStore.canBeLayered(session) && mounts.getAsBoolean())
        ? exact.onDisk()
        : view;
  }

  /**
   * Returns the view of some store paths.
   *
   * @param inputs asked only when some are gone
   */
  private StoreView.Exact exact(Collection<StorePath> paths, Supplier<StoreInputs> inputs) {
    return exact(new StoreEntries(files, nix), paths, inputs);
  }

  private StoreView.Exact exact(
      StoreEntries entries, Collection<StorePath> paths, Supplier<StoreInputs> inputs) {
    List<StoreView.Member> members = new ArrayList<>();
    List<StorePath> missing = new ArrayList<>();
    try (Directory store = entries.open()) {
      for (StorePath path : paths) {
        Optional<StoreEntries.Entry> found = entries.find(store, path);
        if (found.isPresent()) {
          members.add(member(path, found.get()));
        } else {
          missing.add(path);
        }
      }
    } catch (ErrnoException e) {
      throw e.failure("cannot look into " + nix.real(), "install Nix on this host");
    }
    if (!missing.isEmpty()) {
      throw inputs.get().gone(nix, missing);
    }
    return new StoreView.Exact(members, members.size() > MOST_ON_DISK);
  }

  private static StoreInputs unknown() {
    return new StoreInputs(Map.of());
  }

  private StoreView.Member member(StorePath path, StoreEntries.Entry is) {
    if (!CAN_BE_SHOWN.contains(is.type())) {
      String whole = nix.directory().path(path);
      throw new Failure("cannot show " + whole, "it is " + is.type(), "");
    } else if (writable.test(is.owner())) {
      String whole = nix.directory().path(path);
      throw new Failure(
          "cannot show " + whole,
          "it is not finished: a build with the same users left it",
          "delete it: " + nix.command() + " --delete " + whole);
    }
    return new StoreView.Member(path, is.type());
  }
}
