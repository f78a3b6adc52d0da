package nixbuildshell.store;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.Failure;

/**
 * What a derivation builds on: its input sources, and the outputs that it uses of its input
 * derivations. Nix shows the builder the closure of these ({@code DerivationGoal::inputsRealised}
 * in derivation-goal.cc).
 *
 * @param origins each path, with where it comes from; empty for a source
 */
public record StoreInputs(Map<StorePath, Optional<Origin>> origins) {

  /** An output of a derivation. */
  public record Origin(StorePath derivation, String output) {}

  /** Why the inputs of a derivation cannot be known. */
  public static final class Unknown extends Exception {
    private static final long serialVersionUID = 1;
    private final String remedy;

    Unknown(String why, String remedy) {
      super(why);
      this.remedy = remedy;
    }

    /** What to do about it; may be empty. */
    public String remedy() {
      return remedy;
    }
  }

  /**
   * Looks them up.
   *
   * @param store has the input derivations
   * @throws Unknown when an input derivation is gone, or was itself built, or its output's path is
   *     known only to the Nix that built it (content-addressed)
   */
  public static StoreInputs of(NixStore store, Derivation derivation) throws Unknown {
    if (derivation.dynamicInputs()) {
      throw new Unknown(
          "it uses outputs of derivations that other derivations made (dynamic derivations)", "");
    }
    Map<StorePath, Optional<Origin>> origins = new LinkedHashMap<>();
    derivation.inputSources().forEach(source -> origins.put(source, Optional.empty()));
    List<String> gone = new ArrayList<>();
    for (Map.Entry<StorePath, List<String>> input : derivation.inputDerivations().entrySet()) {
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
          "gone from the store are the input derivations " + String.join(" ", gone),
          "evaluate the package again (nix-instantiate), which writes them anew");
    }
    return new StoreInputs(origins);
  }

  private static Derivation read(NixStore store, StorePath input) throws Unknown {
    try {
      return store.read(input);
    } catch (Failure e) {
      throw new Unknown(e.getMessage(), e.remedy());
    }
  }

  private static StorePath path(Derivation parsed, StorePath input, String output) throws Unknown {
    Derivation.Output found = parsed.outputs().get(output);
    if (found == null) {
      throw new Unknown(
          "the input " + parsed.store().path(input) + " has no output '" + output + "'", "");
    }
    return found
        .path()
        .orElseThrow(
            () ->
                new Unknown(
                    "the path of output '"
                        + output
                        + "' of its input "
                        + parsed.store().path(input)
                        + " is content-addressed",
                    "name the derivation that Nix resolved it to: --drv /nix/store/….drv, as in"
                        + " Nix's error message"));
  }
}
