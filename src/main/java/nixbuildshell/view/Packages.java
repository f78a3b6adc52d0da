package nixbuildshell.view;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.console.Messages;
import nixbuildshell.nix.Caller;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.nix.NixProgram.Unanswered;
import nixbuildshell.store.Json;
import nixbuildshell.store.JsonInput;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StorePath;

/**
 * Gets the packages that the caller names with {@code --with}: Nix looks them up, fetches or builds
 * them, and shows that as it always does.
 *
 * @param cancelled whether to stop Nix
 */
public record Packages(
    Caller caller, NixStore store, BooleanSupplier cancelled, Messages messages) {
  private static final JsonInput.Bounds ANSWER =
      new JsonInput.Bounds(20, Integer.MAX_VALUE, Integer.MAX_VALUE, true);

  /**
   * Returns the outputs of the packages, each once.
   *
   * @param named store paths, also of derivations, and installables such as {@code nixpkgs#gdb}
   * @throws Failure when Nix cannot get one
   * @throws java.util.concurrent.CancellationException when {@code cancelled} said so
   */
  public List<StorePath> of(List<ByteString> named) {
    Set<StorePath> outputs = new LinkedHashSet<>();
    named.forEach(each -> outputs.addAll(outputs(each)));
    return List.copyOf(outputs);
  }

  private Set<StorePath> outputs(ByteString named) {
    Set<StorePath> outputs = new LinkedHashSet<>();
    try {
      if (store.directory().has(named)) {
        for (String line : realise(named).latin1().lines().toList()) {
          outputs.add(store.directory().parse(new ByteString(line)));
        }
      } else {
        add(JsonInput.read(build(named).bytes(), ANSWER), outputs);
      }
    } catch (Unanswered | Malformed e) {
      throw refused(named, e.getMessage());
    }
    if (outputs.isEmpty()) {
      throw refused(named, "Nix names no output of it");
    }
    return outputs;
  }

  private ByteString realise(ByteString named) throws Unanswered, Malformed {
    StorePath path = store.directory().containing(named);
    return ask("nix-store", named, List.of("--no-gc-warning", "--realise"), whole(path));
  }

  /** Asks for JSON: Nix 2.8 prints no paths otherwise. */
  private ByteString build(ByteString named) throws Unanswered {
    String features = "nix-command flakes";
    List<String> words =
        List.of("--extra-experimental-features", features, "build", "--no-link", "--json");
    return ask("nix", named, words, named.toString());
  }

  private ByteString ask(String name, ByteString named, List<String> words, String last)
      throws Unanswered {
    List<String> all = new ArrayList<>(words);
    store.uri().ifPresent(uri -> all.addAll(List.of("--store", uri)));
    all.addAll(List.of("--", last));
    return NixProgram.find(caller, name, cancelled)
        .orElseThrow(() -> refused(named, "there is no " + name + " on PATH"))
        .show(caller, all);
  }

  /**
   * Adds the store paths of {@code [{"drvPath": …, "outputs": {"out": …}}]}, or of {@code [{"path":
   * …}]} for what is no derivation.
   */
  private void add(Json answer, Set<StorePath> outputs) throws Malformed {
    if (answer instanceof Json.Items items) {
      for (Json each : items.values()) {
        add(each, outputs);
      }
    } else if (answer instanceof Json.Fields fields) {
      for (Map.Entry<ByteString, Json> each : fields.values().entrySet()) {
        if (!each.getKey().latin1().equals("drvPath")) {
          add(each.getValue(), outputs);
        }
      }
    } else if (answer instanceof Json.Text text && store.directory().has(text.value())) {
      outputs.add(store.directory().parse(text.value()));
    }
  }

  private String whole(StorePath path) {
    return store.directory().path(path);
  }

  /**
   * Returns the directories with the programs of some outputs, as seen from inside. An output
   * without one is told.
   */
  public List<ByteString> programs(List<StorePath> outputs) {
    List<ByteString> programs = new ArrayList<>();
    for (StorePath output : outputs) {
      String whole = whole(output);
      if (Files.exists(
          Path.of(store.real(), output.baseName(), "bin"), LinkOption.NOFOLLOW_LINKS)) {
        programs.add(ByteString.of(whole + "/bin"));
      } else {
        messages.note(whole + " has no bin: the sandbox shows it, and PATH does not name it");
      }
    }
    return programs;
  }

  private static Failure refused(ByteString named, String why) {
    return new Failure(
        "cannot use --with " + named, why, "name a store path, or an installable: nixpkgs#gdb");
  }
}
