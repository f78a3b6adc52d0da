package nixbuildshell.view;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.nix.Caller;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.nix.NixProgram.Unanswered;
import nixbuildshell.nix.NixVersion;
import nixbuildshell.store.Derivation;
import nixbuildshell.store.DerivationInputs;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StorePath;

/**
 * Has Nix make a derivation of what the caller names, and get what its builder needs. Nix shows its
 * progress as it always does.
 *
 * @param cancelled whether to stop Nix
 */
public record Evaluation(Caller caller, NixStore store, BooleanSupplier cancelled) {

  /**
   * Returns the derivation.
   *
   * @param named the path of a derivation, or an installable such as {@code .#hello}
   * @param file the file of Nix's option {@code -f}, in which {@code named} is an attribute
   * @throws Failure when Nix makes none of it
   * @throws java.util.concurrent.CancellationException when {@code cancelled} said so
   */
  public StorePath derivation(ByteString named, Optional<ByteString> file) {
    try {
      boolean path = file.isEmpty() && store.directory().has(named);
      if (path && named.latin1().endsWith(".drv")) {
        return store.directory().parse(named);
      }
      List<String> words = new ArrayList<>(List.of("--extra-experimental-features"));
      words.addAll(List.of("nix-command flakes", "path-info", "--derivation"));
      store.uri().ifPresent(uri -> words.addAll(List.of("--store", uri)));
      file.ifPresent(name -> words.addAll(List.of("--file", name.toString())));
      words.addAll(List.of("--", named.toString()));
      List<String> lines = program("nix").show(caller, words).latin1().lines().toList();
      if (lines.size() != 1 || !lines.get(0).endsWith(".drv")) {
        throw new Malformed("Nix makes " + lines.size() + " derivations of it, and one is wanted");
      }
      return store.directory().parse(new ByteString(lines.get(0)));
    } catch (Unanswered | Malformed e) {
      throw new Failure(
          "cannot make a derivation of " + named,
          e.getMessage(),
          "name a derivation (/nix/store/….drv), or what nix build takes: .#PACKAGE, -f FILE ATTR");
    }
  }

  /**
   * Gets the inputs of a derivation: those that the store lacks are fetched or built.
   *
   * @throws Failure when Nix cannot get them
   * @throws java.util.concurrent.CancellationException when {@code cancelled} said so
   */
  public void realiseInputs(StorePath path, Derivation derivation) {
    List<String> words = new ArrayList<>(List.of("--no-gc-warning", "--realise"));
    store.uri().ifPresent(uri -> words.addAll(List.of("--store", uri)));
    words.add("--");
    int options = words.size();
    DerivationInputs.Parsed inputs = inputs(path, derivation);
    inputs.sources().forEach(source -> words.add(store.directory().path(source)));
    for (Map.Entry<StorePath, List<String>> input : inputs.derivations().entrySet()) {
      // nix-store takes "!" in every version, and "^" in none (path-with-outputs.cc).
      words.add(store.directory().path(input.getKey()) + "!" + String.join(",", input.getValue()));
    }
    try {
      if (words.size() > options) {
        program("nix-store").show(caller, words);
      }
    } catch (Unanswered e) {
      String whole = store.directory().path(path);
      throw new Failure(
          "cannot get the inputs of " + whole,
          e.getMessage() + ", as Nix says above",
          "nix-build-shell --using nix-store build --realise "
              + whole
              + ", which opens the shell of an input that fails");
    }
  }

  private DerivationInputs.Parsed inputs(StorePath path, Derivation derivation) {
    try {
      return derivation.inputs().parse();
    } catch (Malformed e) {
      String whole = store.directory().path(path);
      throw new Failure("cannot read the derivation " + whole, e.getMessage(), "", e);
    }
  }

  /**
   * Decides whether this host's Nix puts the build directory of a sandbox into a directory of
   * root's, as 2.22 and later do.
   */
  public boolean nests() {
    try {
      return NixVersion.of(program("nix-store")).map(it -> it.isAtLeast(2, 22)).orElse(true);
    } catch (Unanswered e) {
      return true;
    }
  }

  private NixProgram program(String name) throws Unanswered {
    return NixProgram.find(caller, name, cancelled)
        .orElseThrow(() -> new Unanswered("there is no " + name + " on PATH"));
  }
}
