package nixbuildshell.store;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.console.ShellWord;

/**
 * Holds what a derivation builds on: its input sources, and the outputs that it uses of its input
 * derivations. Nix shows the builder the closure of these ({@code DerivationGoal::inputsRealised}
 * in derivation-goal.cc).
 *
 * @param origins each path, with the output that it is; empty for an input source
 */
public record StoreInputs(Map<StorePath, Optional<Origin>> origins) {
  /** Knows no inputs. */
  public static final StoreInputs NONE = new StoreInputs(Map.of());

  private static final int MOST_NAMED = 100;

  /** Names an output of a derivation. */
  public record Origin(StorePath derivation, String output) {}

  /** Says why the inputs of a derivation cannot be known. */
  public static final class Unknown extends Exception {
    private static final long serialVersionUID = 1;
    private final String remedy;

    Unknown(String why, String remedy) {
      super(why);
      this.remedy = remedy;
    }

    /** Returns what the caller can do about it; may be empty. */
    public String remedy() {
      return remedy;
    }
  }

  /**
   * Looks the inputs up.
   *
   * @param store has the input derivations
   * @throws Unknown when the derivation's lists of inputs are malformed, when an input derivation
   *     is gone, or was itself built, or its output's path is known only to the Nix that built it
   *     (content-addressed)
   */
  public static StoreInputs of(NixStore store, Derivation derivation) throws Unknown {
    DerivationInputs.Parsed inputs = parsed(derivation);
    if (inputs.dynamic()) {
      throw new Unknown(
          "it uses outputs of derivations that other derivations made (dynamic derivations)", "");
    }
    Map<StorePath, Optional<Origin>> origins = new LinkedHashMap<>();
    inputs.sources().forEach(source -> origins.put(source, Optional.empty()));
    List<String> gone = new ArrayList<>();
    for (Map.Entry<StorePath, List<String>> input : inputs.derivations().entrySet()) {
      StorePath path = input.getKey();
      if (store.has(path)) {
        Derivation parsed = read(store, path);
        for (String output : input.getValue()) {
          origins.put(path(parsed, path, output), Optional.of(new Origin(path, output)));
        }
      } else {
        gone.add(store.directory().path(path));
      }
    }
    if (!gone.isEmpty()) {
      throw new Unknown(
          "input derivations of it are garbage-collected: " + String.join(" ", gone),
          "evaluate the package again, which writes them anew: nix-instantiate");
    }
    return new StoreInputs(origins);
  }

  private static DerivationInputs.Parsed parsed(Derivation derivation) throws Unknown {
    try {
      return derivation.inputs().parse();
    } catch (Malformed e) {
      throw new Unknown("the inputs in its derivation are malformed: " + e.getMessage(), "");
    }
  }

  private static Derivation read(NixStore store, StorePath input) throws Unknown {
    try {
      return store.read(input);
    } catch (Failure e) {
      throw new Unknown(e.getMessage(), e.remedy());
    }
  }

  private static StorePath path(Derivation parsed, StorePath input, String name) throws Unknown {
    String whole = parsed.store().path(input);
    Derivation.Output output = parsed.outputs().get(name);
    if (output == null) {
      throw new Unknown("the input " + whole + " has no output '" + name + "'", "");
    }
    if (output.path().isEmpty()) {
      throw new Unknown(
          "the path of output '" + name + "' of its input " + whole + " is content-addressed",
          "name the derivation that Nix resolved it to, as Nix says when it builds: --drv"
              + " /nix/store/….drv, or fresh /nix/store/….drv");
    }
    return output.path().get();
  }

  /**
   * Makes the failure for paths that the build saw and that are garbage-collected since. It names
   * the paths, and the command that gets them back.
   */
  public Failure gone(NixStore store, List<StorePath> missing) {
    List<String> paths = missing.stream().map(store.directory()::path).toList();
    return new Failure(
        "cannot show the store as the build saw it",
        (paths.size() == 1 ? "a store path is" : paths.size() + " store paths are")
            + " garbage-collected: "
            + listed(paths),
        remedy(store, missing));
  }

  private String remedy(NixStore store, List<StorePath> missing) {
    Map<StorePath, List<String>> outputs = new LinkedHashMap<>();
    List<String> sources = new ArrayList<>();
    for (StorePath path : missing) {
      origins
          .getOrDefault(path, Optional.empty())
          .ifPresentOrElse(
              origin ->
                  outputs
                      .computeIfAbsent(origin.derivation(), any -> new ArrayList<>())
                      .add(origin.output()),
              () -> sources.add(store.directory().path(path)));
    }
    boolean all = sources.isEmpty();
    List<String> words = new ArrayList<>(sources);
    // nix-store takes "!" in every version, and "^" in none (path-with-outputs.cc).
    outputs.forEach(
        (path, names) ->
            words.add(
                ShellWord.inSingleQuotes(
                    store.directory().path(path) + "!" + String.join(",", names))));
    String what = missing.size() == 1 ? "it back" : "them back";
    return "get "
        + (all ? what : "back what Nix can build or fetch")
        + " with: "
        + store.command()
        + " --realise "
        + listed(words)
        + (all ? "" : " (" + ofSources(store, sources) + ")");
  }

  /** Advises on paths that no derivation on this machine makes. */
  private static String ofSources(NixStore store, List<String> sources) {
    return "a source comes back when the package is evaluated: nix-instantiate; or from a machine"
        + " that has it: nix copy --from ssh://HOST "
        + store.uri().map(uri -> "--to " + ShellWord.inSingleQuotes(uri) + " ").orElse("")
        + listed(sources);
  }

  private static String listed(List<String> paths) {
    int shown = Math.min(paths.size(), MOST_NAMED);
    String names = String.join(" ", paths.subList(0, shown));
    return shown < paths.size() ? names + " and " + (paths.size() - shown) + " more" : names;
  }
}
