package nixbuildshell.enter;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.console.Messages;
import nixbuildshell.nix.Background;
import nixbuildshell.nix.Caller;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.nix.NixProgram.Unanswered;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.session.Session;
import nixbuildshell.store.Derivation;
import nixbuildshell.store.GcRoot;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StoreInputs;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.StoreQuery;

/**
 * Keeps the garbage collector from what a session needs, beside the shell: the derivation, the
 * store paths that the sandbox shows, and what the caller brings. The root goes with the session.
 *
 * @param programs directories of the store that the caller brings
 * @param cancelled whether to stop asking Nix
 */
record SessionRoots(
    Caller caller,
    NixStore store,
    StoreView view,
    List<ByteString> programs,
    Messages messages,
    BooleanSupplier cancelled) {

  /** Waits for the root at the end of the run, and tells when it could not be made. */
  interface Making extends AutoCloseable {
    @Override
    void close();
  }

  /** Makes none: a command's session is deleted. */
  static final Making NONE = () -> {};

  /**
   * Begins to make the root of a session, in place of an earlier one.
   *
   * @param derivation finds the build's derivation; asked beside the shell
   */
  Making begin(Session session, Supplier<Optional<StorePath>> derivation) {
    Optional<Session.RootPlace> place = session.rootPlace();
    if (place.isEmpty()) {
      return NONE;
    }
    Background<Optional<String>> making =
        new Background<>("GC root", () -> make(session, place.get(), derivation.get()));
    return () -> end(making);
  }

  private void end(Background<Optional<String>> making) {
    try (making) {
      making
          .await()
          .map(why -> "the garbage collector can take what the session needs: " + why)
          .ifPresent(messages::detail);
    } catch (CancellationException e) {
      // A signal ends the run.
    }
  }

  /** Returns why there is no root. */
  private Optional<String> make(
      Session session, Session.RootPlace place, Optional<StorePath> derivation) {
    Optional<NixProgram> instantiate = NixProgram.find(caller, "nix-instantiate", cancelled);
    Optional<NixProgram> nixStore = NixProgram.find(caller, "nix-store", cancelled);
    if (instantiate.isEmpty() || nixStore.isEmpty()) {
      return Optional.of("there is no nix-instantiate on PATH");
    }
    GcRoot root = new GcRoot(instantiate.get(), store);
    try {
      Set<StorePath> paths = paths(derivation);
      session.storeRoot(root.expression(paths));
      try {
        root.make(place.expression(), place.link());
      } catch (Unanswered e) {
        // A path can be there and not valid.
        paths.removeAll(new StoreQuery(nixStore.get(), store).invalid(paths));
        session.storeRoot(root.expression(paths));
        root.make(place.expression(), place.link());
      }
      return Optional.empty();
    } catch (Unanswered | Malformed | Failure e) {
      return Optional.of(e.getMessage());
    }
  }

  private Set<StorePath> paths(Optional<StorePath> derivation) throws Malformed {
    Set<StorePath> paths = new LinkedHashSet<>(derivation.stream().toList());
    for (ByteString program : programs) {
      paths.add(store.directory().containing(program));
    }
    if (view instanceof StoreView.Exact exact) {
      paths.addAll(exact.paths());
    } else if (derivation.isPresent()) {
      paths.addAll(inputs(store.read(derivation.get())));
    }
    return paths;
  }

  private Set<StorePath> inputs(Derivation derivation) {
    try {
      return StoreInputs.of(store, derivation).origins().keySet();
    } catch (StoreInputs.Unknown e) {
      return Set.of();
    }
  }
}
