package nixbuildshell.store;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.Failure;
import nixbuildshell.console.ShellWord;
import nixbuildshell.store.StoreInputs.Origin;

/** Store paths that the build saw and that have been garbage-collected since. */
public final class Gone {
  private static final int MOST_NAMED = 100;

  private Gone() {}

  /**
   * The failure that names all of them and the command that gets them back.
   *
   * @param origins of paths that can be built again, as far as they are known
   */
  public static Failure failure(
      NixStore store, List<StorePath> missing, Map<StorePath, Optional<Origin>> origins) {
    return new Failure(
        "cannot show the store as the build saw it",
        "gone from it (garbage-collected) "
            + (missing.size() == 1 ? "is " : "are " + missing.size() + " store paths: ")
            + listed(missing.stream().map(store.directory()::path).toList()),
        remedy(store, missing, origins));
  }

  private static String remedy(
      NixStore store, List<StorePath> missing, Map<StorePath, Optional<Origin>> origins) {
    Map<StorePath, List<String>> derivations = new LinkedHashMap<>();
    List<String> words = new ArrayList<>();
    for (StorePath path : missing) {
      Optional<Origin> origin = origins.getOrDefault(path, Optional.empty());
      if (origin.isPresent()) {
        derivations
            .computeIfAbsent(origin.get().derivation(), any -> new ArrayList<>())
            .add(origin.get().output());
      } else {
        words.add(store.directory().path(path));
      }
    }
    boolean all = words.isEmpty();
    // nix-store takes "!" in every version, and "^" in none (path-with-outputs.cc).
    derivations.forEach(
        (path, outputs) ->
            words.add(
                ShellWord.inSingleQuotes(
                    store.directory().path(path) + "!" + String.join(",", outputs))));
    return "get "
        + (all ? "" : "back what can be had")
        + (all ? (missing.size() == 1 ? "it" : "them") + " back" : "")
        + " with: "
        + store.command()
        + " --realise "
        + listed(words)
        + (all ? "" : " (a source comes back when the package is evaluated: nix-instantiate)");
  }

  private static String listed(List<String> paths) {
    int shown = Math.min(paths.size(), MOST_NAMED);
    String names = String.join(" ", paths.subList(0, shown));
    return shown < paths.size() ? names + " and " + (paths.size() - shown) + " more" : names;
  }
}
