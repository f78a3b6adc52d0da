package nixbuildshell.store;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;

/**
 * A {@code .drv} file: what Nix runs, and with what.
 *
 * @param store that its paths are of
 * @param outputs by name, in the order of the file
 * @param inputDerivations each with the names of the outputs that are used
 * @param dynamicInputs whether it also uses outputs of derivations that its inputs make; which, is
 *     not kept
 * @param system for instance {@code x86_64-linux}
 * @param environment in the order of the file
 */
public record Derivation(
    StoreDirectory store,
    Map<String, Output> outputs,
    Map<StorePath, List<String>> inputDerivations,
    boolean dynamicInputs,
    Set<StorePath> inputSources,
    ByteString system,
    ByteString builder,
    List<ByteString> arguments,
    Map<ByteString, ByteString> environment) {

  /**
   * @param path empty when it is known only after the build (content-addressed)
   * @param hashAlgorithm {@code sha256}, {@code r:sha256}, …; empty when input-addressed
   * @param hash of a fixed output, base 16; {@code impure} for an impure derivation
   */
  public record Output(Optional<StorePath> path, ByteString hashAlgorithm, ByteString hash) {
    private static final ByteString IMPURE = ByteString.of("impure");

    private boolean isImpure() {
      return hash.equals(IMPURE);
    }

    private Output built(StoreDirectory store, StorePath derivation, String name) {
      return path.isPresent()
          ? this
          : new Output(Optional.of(ScratchOutput.of(store, derivation, name)), hashAlgorithm, hash);
    }
  }

  public Derivation {
    outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    inputDerivations = Collections.unmodifiableMap(new LinkedHashMap<>(inputDerivations));
    inputSources = Collections.unmodifiableSet(inputSources);
    arguments = List.copyOf(arguments);
    environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
  }

  /** Whether the output's hash is known beforehand. */
  public boolean isFixedOutput() {
    Output out = outputs.get("out");
    return outputs.size() == 1 && out != null && !out.hash().isEmpty() && !out.isImpure();
  }

  /** Whether it is built with the host's network: what it makes is checked, or not relied upon. */
  public boolean hasNetwork() {
    return isFixedOutput() || isImpure();
  }

  /** Whether it may make something else each time, at another path. */
  public boolean isImpure() {
    return outputs.values().stream().anyMatch(Output::isImpure);
  }

  /**
   * As its builder finds it: outputs whose paths come from their content have others meanwhile.
   * With inputs Nix does not build such a derivation but another one, which it is resolved to: that
   * has the inputs' paths, and outputs that cannot be told from here (derivation-goal.cc).
   *
   * @param path its own
   */
  public Derivation built(StorePath path) {
    if (dynamicInputs || !inputDerivations.isEmpty()) {
      return this;
    }
    Map<String, Output> known = new LinkedHashMap<>();
    outputs.forEach((name, output) -> known.put(name, output.built(store, path, name)));
    return new Derivation(
        store,
        known,
        inputDerivations,
        dynamicInputs,
        inputSources,
        system,
        builder,
        arguments,
        environment);
  }

  /** The output paths, by output name, as far as they are known before the build. */
  public Map<String, StorePath> outputPaths() {
    return outputs.entrySet().stream()
        .filter(output -> output.getValue().path().isPresent())
        .collect(
            Collectors.toMap(
                Map.Entry::getKey,
                output -> output.getValue().path().get(),
                (one, other) -> other,
                LinkedHashMap::new));
  }

  public Optional<ByteString> variable(String name) {
    return Optional.ofNullable(environment.get(ByteString.of(name)));
  }

  /** An attribute that is a list of strings; empty when it is not set, or no list. */
  public List<ByteString> strings(String name) {
    return hasStructuredAttributes()
        ? StructuredAttributes.of(this)
            .map(attributes -> attributes.strings(name))
            .orElse(List.of())
        : variable(name).map(Words::of).orElse(List.of());
  }

  /** Whether the attributes are in {@code __json}, and not in the environment. */
  public boolean hasStructuredAttributes() {
    return variable("__json").isPresent();
  }
}
