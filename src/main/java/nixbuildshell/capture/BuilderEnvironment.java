package nixbuildshell.capture;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import nixbuildshell.ByteString;

/**
 * The environment that Nix gives a derivation's builder in the sandbox: {@code initEnv} in
 * derivation-builder.cc, in its order, later values winning.
 *
 * <p>What the derivation does not tell: the values of {@code impureEnvVars} come from the daemon's
 * environment, and are empty here, as they are for variables that the daemon lacks; the paths of
 * content-addressed outputs stay placeholders.
 */
final class BuilderEnvironment {
  static final String BUILD_TOP = "/build";

  private final Derivation derivation;
  private final Map<ByteString, ByteString> variables = new LinkedHashMap<>();

  private BuilderEnvironment(Derivation derivation) {
    this.derivation = derivation;
  }

  /**
   * @param cores for NIX_BUILD_CORES
   */
  static Map<ByteString, ByteString> of(Derivation derivation, int cores) {
    BuilderEnvironment environment = new BuilderEnvironment(derivation);
    environment.fill(cores);
    return environment.variables;
  }

  private void fill(int cores) {
    put("PATH", "/path-not-set");
    put("HOME", "/homeless-shelter");
    put("NIX_STORE", StorePath.STORE_DIRECTORY);
    put("NIX_BUILD_CORES", Integer.toString(cores));
    if (derivation.hasStructuredAttributes()) {
      put("NIX_ATTRS_JSON_FILE", BUILD_TOP + "/.attrs.json");
      put("NIX_ATTRS_SH_FILE", BUILD_TOP + "/.attrs.sh");
    } else {
      attributes();
    }
    put("NIX_BUILD_TOP", BUILD_TOP);
    for (String name : List.of("TMPDIR", "TEMPDIR", "TMP", "TEMP", "PWD")) {
      put(name, BUILD_TOP);
    }
    if (derivation.isFixedOutput()) {
      put("NIX_OUTPUT_CHECKED", "1");
      words("impureEnvVars").forEach(name -> variables.put(name, ByteString.EMPTY));
    }
    put("NIX_LOG_FD", "2");
    put("TERM", "xterm-256color");
  }

  private void attributes() {
    Set<ByteString> inFiles = Set.copyOf(words("passAsFile"));
    Map<String, String> placeholders = placeholders();
    derivation
        .environment()
        .forEach(
            (name, value) -> {
              if (inFiles.contains(name)) {
                String file = ".attr-" + NixBase32.encode(sha256(name.bytes()));
                variables.put(name.plus("Path"), ByteString.of(BUILD_TOP + "/" + file));
              } else {
                variables.put(name, withOutputs(value, placeholders));
              }
            });
  }

  /** {@code builtins.placeholder OUTPUT} stands for a path that Nix knows only afterwards. */
  private Map<String, String> placeholders() {
    Map<String, String> placeholders = new LinkedHashMap<>();
    derivation
        .outputPaths()
        .forEach(
            (output, path) -> {
              byte[] name = ("nix-output:" + output).getBytes(StandardCharsets.US_ASCII);
              placeholders.put("/" + NixBase32.encode(sha256(name)), path.toString());
            });
    return placeholders;
  }

  private static ByteString withOutputs(ByteString value, Map<String, String> placeholders) {
    String text = value.latin1();
    for (Map.Entry<String, String> placeholder : placeholders.entrySet()) {
      text = text.replace(placeholder.getKey(), placeholder.getValue());
    }
    return new ByteString(text);
  }

  private List<ByteString> words(String attribute) {
    return derivation
        .variable(attribute)
        .map(value -> Words.of(value).stream().distinct().toList())
        .orElse(List.of());
  }

  private void put(String name, String value) {
    variables.put(ByteString.of(name), ByteString.of(value));
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
