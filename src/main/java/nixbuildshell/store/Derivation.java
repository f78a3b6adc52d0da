package nixbuildshell.store;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;

/**
 * Describes what Nix runs, and with what: the content of a {@code .drv} file.
 *
 * @param store the store that its paths belong to
 * @param outputs by name, in the order of the file
 * @param system for instance {@code x86_64-linux}
 * @param environment in the order of the file
 */
public record Derivation(
    StoreDirectory store,
    Map<String, Output> outputs,
    DerivationInputs inputs,
    ByteString system,
    ByteString builder,
    List<ByteString> arguments,
    Map<ByteString, ByteString> environment) {

  private static final List<String> CHECKS =
      List.of(
          "allowedReferences", "allowedRequisites", "disallowedReferences", "disallowedRequisites");

  /** Limits the depth only: Nix has read the derivation, and its parser takes a repeated name. */
  private static final JsonInput.Bounds UNBOUNDED =
      new JsonInput.Bounds(255, Integer.MAX_VALUE, Integer.MAX_VALUE, true);

  /**
   * Describes an output.
   *
   * @param path empty when it is known only after the build (content-addressed)
   * @param hashAlgorithm {@code sha256}, {@code r:sha256}, …; empty when input-addressed
   * @param hash of a fixed output, base 16; {@code impure} for an impure derivation
   */
  public record Output(Optional<StorePath> path, ByteString hashAlgorithm, ByteString hash) {
    private static final ByteString IMPURE = ByteString.of("impure");

    private boolean isImpure() {
      return hash.equals(IMPURE);
    }
  }

  public Derivation {
    outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    arguments = List.copyOf(arguments);
    environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
  }

  /** Decides whether Nix knows the output's hash beforehand. */
  public boolean isFixedOutput() {
    Output out = outputs.get("out");
    return outputs.size() == 1 && out != null && !out.hash().isEmpty() && !out.isImpure();
  }

  /**
   * Decides whether its build has the host's network. Nix checks a fixed output, and never reuses
   * an impure one.
   */
  public boolean hasNetwork() {
    return isFixedOutput() || isImpure();
  }

  /** Decides whether each build may make different content, at another path. */
  public boolean isImpure() {
    return outputs.values().stream().anyMatch(Output::isImpure);
  }

  /**
   * Returns the derivation as its builder sees it: outputs whose paths depend on their content have
   * other paths until then. With inputs, Nix builds another derivation in its place, which has the
   * inputs' paths, and outputs that cannot be told from here (derivation-goal.cc).
   *
   * @param path its own
   */
  public Derivation built(StorePath path) {
    if (inputs.hasDerivations()) {
      return this;
    }
    Map<String, Output> known = new LinkedHashMap<>();
    outputs.forEach(
        (name, output) -> {
          StorePath place = output.path().orElseGet(() -> store.scratchOutput(path, name));
          known.put(name, new Output(Optional.of(place), output.hashAlgorithm(), output.hash()));
        });
    return new Derivation(store, known, inputs, system, builder, arguments, environment);
  }

  /** Returns the output paths, by output name, as far as they are known before the build. */
  public Map<String, StorePath> outputPaths() {
    Map<String, StorePath> paths = new LinkedHashMap<>();
    outputs.forEach((name, output) -> output.path().ifPresent(path -> paths.put(name, path)));
    return paths;
  }

  /** Decides whether one of these paths is an output of it. */
  public boolean makesOneOf(Collection<StorePath> paths) {
    return outputPaths().values().stream().anyMatch(paths::contains);
  }

  /**
   * Returns a text with the output paths in the places of their placeholders. A path that is known
   * only after the build stays a placeholder.
   *
   * @param text a variable, an argument of the builder or a file
   */
  public ByteString withOutputPaths(ByteString text) {
    if (!NixHash.mayBeIn(text)) {
      return text;
    }
    String replaced = text.latin1();
    for (Map.Entry<String, StorePath> output : outputPaths().entrySet()) {
      replaced = replaced.replace(placeholder(output.getKey()), store.path(output.getValue()));
    }
    return new ByteString(replaced);
  }

  /**
   * Returns what stands for an output's path before Nix knows it: {@code builtins.placeholder}
   * ({@code hashPlaceholder} in derivations.cc).
   */
  public static String placeholder(String output) {
    return "/" + NixHash.of(("nix-output:" + output).getBytes(StandardCharsets.US_ASCII));
  }

  public Optional<ByteString> variable(String name) {
    return Optional.ofNullable(environment.get(ByteString.of(name)));
  }

  /** Returns an attribute that is a list of strings; no strings when it is not set, or no list. */
  public List<ByteString> strings(String name) {
    if (!hasStructuredAttributes()) {
      return variable(name).map(ByteString::words).orElse(List.of());
    }
    Optional<Json> attribute =
        structuredAttributes().map(all -> all.values().get(ByteString.of(name)));
    return attribute.orElse(null) instanceof Json.Items items
        ? items.values().stream()
            .filter(Json.Text.class::isInstance)
            .map(item -> ((Json.Text) item).value())
            .toList()
        : List.of();
  }

  /**
   * Decides whether an attribute is {@code true} ({@code getBoolAttr} in derivation-options.cc).
   */
  public boolean isOn(String name) {
    return hasStructuredAttributes()
        ? structuredAttributes()
            .map(all -> all.values().get(ByteString.of(name)))
            .filter(new Json.Truth(true)::equals)
            .isPresent()
        : variable(name).filter(ByteString.of("1")::equals).isPresent();
  }

  /**
   * Returns the names of the attributes by which Nix checks the outputs of a build ({@code
   * checkOutputs} in derivation-builder.cc): for structured attributes {@code outputChecks} has
   * them by output. A fixed output has {@code outputHash}.
   */
  public List<String> checks() {
    List<String> checks = new ArrayList<>();
    if (isFixedOutput()) {
      checks.add("outputHash");
    }
    if (!hasStructuredAttributes()) {
      CHECKS.stream().filter(name -> variable(name).isPresent()).forEach(checks::add);
    } else if (structuredAttributes()
            .map(all -> all.values().get(ByteString.of("outputChecks")))
            .orElse(null)
        instanceof Json.Fields outputs) {
      outputs
          .values()
          .forEach(
              (output, each) -> {
                if (each instanceof Json.Fields named) {
                  named
                      .values()
                      .keySet()
                      .forEach(name -> checks.add("outputChecks." + output + "." + name));
                }
              });
    }
    return checks;
  }

  /** Decides whether the attributes are in {@code __json}, and not in the environment. */
  public boolean hasStructuredAttributes() {
    return variable("__json").isPresent();
  }

  /** Returns the attributes of {@code __json}; empty also when Nix would refuse to build them. */
  Optional<Json.Fields> structuredAttributes() {
    try {
      Optional<ByteString> text = variable("__json");
      return text.isPresent()
              && JsonInput.read(text.get().bytes(), UNBOUNDED) instanceof Json.Fields all
          ? Optional.of(all)
          : Optional.empty();
    } catch (Malformed e) {
      return Optional.empty();
    }
  }
}
