package nixbuildshell.capture;

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
 * @param outputs by name, in the order of the file
 * @param inputDerivations each with the names of the outputs that are used
 * @param dynamicInputs whether it also uses outputs of derivations that its inputs make; which, is
 *     not kept
 * @param system for instance {@code x86_64-linux}
 * @param environment in the order of the file
 */
public record Derivation(
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
  public record Output(Optional<StorePath> path, ByteString hashAlgorithm, ByteString hash) {}

  public Derivation {
    outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    inputDerivations = Collections.unmodifiableMap(new LinkedHashMap<>(inputDerivations));
    inputSources = Collections.unmodifiableSet(inputSources);
    arguments = List.copyOf(arguments);
    environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
  }

  /** Whether the output's hash is known beforehand: such a build has the network. */
  public boolean isFixedOutput() {
    Output out = outputs.get("out");
    return outputs.size() == 1
        && out != null
        && !out.hash().isEmpty()
        && !out.hash().latin1().equals("impure");
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

  /** Whether the attributes are in {@code __json}, and not in the environment. */
  public boolean hasStructuredAttributes() {
    return variable("__json").isPresent();
  }
}
