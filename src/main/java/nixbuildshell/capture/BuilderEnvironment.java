package nixbuildshell.capture;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import nixbuildshell.ByteString;
import nixbuildshell.store.Derivation;
import nixbuildshell.store.Placeholders;

/**
 * The environment that Nix gives a derivation's builder in the sandbox: {@code initEnv} in
 * derivation-builder.cc, in its order, later values winning.
 *
 * <p>What the derivation does not tell: the values of {@code impureEnvVars} came from the daemon's
 * environment, and come from the caller's here; paths that are unknown stay placeholders.
 */
final class BuilderEnvironment {
  static final String BUILD_TOP = "/build";

  private final Derivation derivation;
  private final Host host;
  private final Placeholders placeholders;
  private final Map<ByteString, ByteString> variables = new LinkedHashMap<>();

  private BuilderEnvironment(Derivation derivation, Host host) {
    this.derivation = derivation;
    this.host = host;
    this.placeholders = new Placeholders(derivation);
  }

  /**
   * What a builder's environment has of the host that it runs on.
   *
   * @param cores for NIX_BUILD_CORES
   * @param impure the value of a variable that {@code impureEnvVars} lets through; empty when it is
   *     not set
   */
  record Host(int cores, Function<ByteString, Optional<ByteString>> impure) {}

  static Map<ByteString, ByteString> of(Derivation derivation, Host host) {
    BuilderEnvironment environment = new BuilderEnvironment(derivation, host);
    environment.fill();
    return environment.variables;
  }

  private void fill() {
    put("PATH", "/path-not-set");
    put("HOME", "/homeless-shelter");
    put("NIX_STORE", derivation.store().path());
    put("NIX_BUILD_CORES", Integer.toString(host.cores()));
    if (derivation.hasStructuredAttributes()) {
      // Up to 2.12 Nix named the host's directory instead, where no builder in a sandbox finds
      // them.
      put("NIX_ATTRS_JSON_FILE", BUILD_TOP + "/" + BuilderFile.JSON);
      put("NIX_ATTRS_SH_FILE", BUILD_TOP + "/" + BuilderFile.SHELL);
    } else {
      attributes();
    }
    put("NIX_BUILD_TOP", BUILD_TOP);
    for (String name : List.of("TMPDIR", "TEMPDIR", "TMP", "TEMP", "PWD")) {
      put(name, BUILD_TOP);
    }
    if (derivation.isFixedOutput()) {
      put("NIX_OUTPUT_CHECKED", "1");
    }
    if (derivation.hasNetwork()) {
      for (ByteString name : impureVariables(derivation)) {
        variables.put(name, host.impure().apply(name).orElse(ByteString.EMPTY));
      }
    }
    put("NIX_LOG_FD", "2");
    put("TERM", "xterm-256color");
  }

  private void attributes() {
    Set<ByteString> inFiles = BuilderFile.passedAsFiles(derivation.variable("passAsFile"));
    derivation
        .environment()
        .forEach(
            (name, value) -> {
              if (inFiles.contains(name)) {
                String path = BUILD_TOP + "/" + BuilderFile.nameOf(name);
                variables.put(name.plus("Path"), ByteString.of(path));
              } else {
                variables.put(name, placeholders.replaced(value));
              }
            });
  }

  /** What the host has set of the variables that the derivation lets through. */
  static Map<ByteString, ByteString> impure(Derivation derivation, Host host) {
    Map<ByteString, ByteString> set = new LinkedHashMap<>();
    if (derivation.hasNetwork()) {
      for (ByteString name : impureVariables(derivation)) {
        host.impure().apply(name).ifPresent(value -> set.put(name, value));
      }
    }
    return set;
  }

  private static List<ByteString> impureVariables(Derivation derivation) {
    return derivation.strings("impureEnvVars").stream().distinct().toList();
  }

  private void put(String name, String value) {
    variables.put(ByteString.of(name), ByteString.of(value));
  }
}
