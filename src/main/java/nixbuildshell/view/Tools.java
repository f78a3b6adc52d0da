package nixbuildshell.view;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.nix.NixProgram.Unanswered;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.StoreQuery;

/**
 * Holds the store paths that the caller names with {@code --sandbox-path}. The sandbox shows them
 * with their closures, as it shows the build's inputs.
 */
record Tools(NixStore store, List<StorePath> paths) {

  /**
   * Returns their closure.
   *
   * @param nixStore the program of that name
   * @throws Failure when it cannot be known
   */
  Set<StorePath> closure(Optional<NixProgram> nixStore) {
    StorePath first = paths.get(0);
    if (nixStore.isEmpty()) {
      throw refused(first, "there is no nix-store on PATH", "put Nix's programs on the PATH");
    }
    StoreQuery query = new StoreQuery(nixStore.get(), store);
    try {
      return query.requisites(paths);
    } catch (Malformed e) {
      throw refused(first, e.getMessage(), "");
    } catch (Unanswered e) {
      requireNoneOf(invalid(query));
      throw refused(first, e.getMessage(), "");
    }
  }

  private Set<StorePath> invalid(StoreQuery query) {
    try {
      return query.invalid(paths);
    } catch (Malformed | Unanswered e) {
      return Set.of();
    }
  }

  /**
   * Requires that the store has them.
   *
   * @param invalid store paths that are not valid
   */
  void requireNoneOf(Collection<StorePath> invalid) {
    for (StorePath path : paths) {
      if (invalid.contains(path)) {
        throw refused(
            path,
            "the store has no such path, or no build has finished it",
            "get it with: " + store.command() + " --realise " + store.directory().path(path));
      }
    }
  }

  private Failure refused(StorePath path, String why, String remedy) {
    return new Failure("cannot use --sandbox-path " + store.directory().path(path), why, remedy);
  }
}
