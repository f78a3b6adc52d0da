package nixbuildshell.capture;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import nixbuildshell.ByteString;
import nixbuildshell.store.Derivation;

/**
 * Makes the environment that Nix gives a derivation's builder in the sandbox: {@code initEnv} in
 * derivation-builder.cc, in its order; a later value replaces an earlier one.
 *
 * <p>Two things are not in the derivation. The values of {@code impureEnvVars} came from the
 * daemon's environment, and come from the caller's here. Paths that are unknown stay placeholders.
 */
final class BuilderEnvironment {
  private final Derivation derivation;
  private final Outside outside;
  private final Map<ByteString, ByteString> variables = new LinkedHashMap<>();

  private BuilderEnvironment(Derivation derivation, Outside outside) {
    this.derivation = derivation;
    this.outside = outside;
  }

  /**
   * Holds what a builder's environment has from outside the sandbox.
   *
   * @param cores for NIX_BUILD_CORES
   * @param impure the value of a variable that {@code impureEnvVars} lets through; empty when it is
   *     not set
   * @param ofLix whether Lix ran the build: it leaves such a variable unset, where Nix makes it
   *     empty, and names its own copy of the certificates
   * @param directory the build directory, as seen from inside
   */
  record Outside(
      int cores,
      Function<ByteString, Optional<ByteString>> impure,
      boolean ofLix,
      String directory) {}

  static Map<ByteString, ByteString> of(Derivation derivation, Outside outside) {
    BuilderEnvironment environment = new BuilderEnvironment(derivation, outside);
    environment.fill();
    return environment.variables;
  }

  private void fill() {
    put("PATH", "/path-not-set");
    put("HOME", "/homeless-shelter");
    put("NIX_STORE", derivation.store().path());
    put("NIX_BUILD_CORES", Integer.toString(outside.cores()));
    if (derivation.hasStructuredAttributes()) {
      // Up to 2.12 Nix named the host's directory instead, which no builder in a sandbox can open.
      put("NIX_ATTRS_JSON_FILE", outside.directory() + "/" + BuilderFile.JSON);
      put("NIX_ATTRS_SH_FILE", outside.directory() + "/" + BuilderFile.SHELL);
    } else {
      attributes();
    }
    put("NIX_BUILD_TOP", outside.directory());
    for (String name : List.of("TMPDIR", "TEMPDIR", "TMP", "TEMP", "PWD")) {
      put(name, outside.directory());
    }
    if (derivation.isFixedOutput()) {
      put("NIX_OUTPUT_CHECKED", "1");
    }
    if (derivation.hasNetwork()) {
      for (ByteString name : impureVariables(derivation)) {
        outside
            .impure()
            .apply(name)
            .or(() -> Optional.of(ByteString.EMPTY).filter(empty -> !outside.ofLix()))
            .ifPresent(value -> variables.put(name, value));
      }
      if (outside.ofLix()) {
        put("NIX_SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt");
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
                String path = outside.directory() + "/" + BuilderFile.nameOf(name);
                variables.put(name.plus("Path"), ByteString.of(path));
              } else {
                variables.put(name, derivation.withOutputPaths(value));
              }
            });
  }

  /** Returns the variables that the derivation lets through and that are set. */
  static Map<ByteString, ByteString> impure(Derivation derivation, Outside outside) {
    Map<ByteString, ByteString> set = new LinkedHashMap<>();
    if (derivation.hasNetwork()) {
      for (ByteString name : impureVariables(derivation)) {
        outside.impure().apply(name).ifPresent(value -> set.put(name, value));
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
