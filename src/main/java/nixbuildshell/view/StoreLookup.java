package nixbuildshell.view;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.LongPredicate;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.capture.Fact;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.KeptDirectories;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.console.Messages;
import nixbuildshell.files.Answers;
import nixbuildshell.files.FileSystem;
import nixbuildshell.nix.Caller;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.session.Session;
import nixbuildshell.session.ShownStore;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.RememberedClosures;
import nixbuildshell.store.ShownPaths;
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
      return exact(entries.all(paths, closure::inputs));
    }
    if (!sandboxed
        || !build.manifest().flatMap(manifest -> manifest.sandbox().used()).orElse(true)) {
      return new StoreView.Whole();
    }
    sandboxPaths.ask();
    try {
      return exact(closure.entries(nixStore(), sandboxPaths));
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
    if (exact.shows(path)) {
      return Optional.of(view);
    }
    try {
      return Optional.of(exact(withTools(exact.paths(), List.of(path))));
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
    Optional<ShownStore> shown = session.shownStore();
    if (shown.isEmpty()) {
      return new StoreView.Whole();
    }
    List<StorePath> paths = new ArrayList<>();
    try {
      for (ByteString name : shown.get().entries().names()) {
        paths.add(StorePath.ofBaseName(name.latin1()));
      }
    } catch (Malformed e) {
      throw new Failure("cannot use " + session.path(), "its store/paths is damaged", "");
    }
    return exact(withTools(paths, tools));
  }

  private StoreView.Exact exact(Set<StorePath> paths) {
    return exact(new StoreEntries(files, nix).all(paths, () -> StoreInputs.NONE));
  }

  private StoreView.Exact exact(ShownPaths paths) {
    for (long owner : paths.owners()) {
      if (writable.test(owner)) {
        new StoreEntries(files, nix).ownedBy(owner, paths.entries()).ifPresent(this::refuse);
      }
    }
    return new StoreView.Exact(paths.entries());
  }

  private void refuse(StorePath unfinished) {
    String whole = nix.directory().path(unfinished);
    throw new Failure(
        "cannot show " + whole,
        "it is not finished: a build with the same users left it",
        "delete it: " + nix.command() + " --delete " + whole);
  }
}
