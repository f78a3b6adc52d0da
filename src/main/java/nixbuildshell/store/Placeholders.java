package nixbuildshell.store;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import nixbuildshell.ByteString;

/**
 * {@code builtins.placeholder OUTPUT} stands for the output's path wherever a derivation needs it
 * before Nix knows it: in its variables, its builder's arguments and its files. Paths that are
 * known only after the build stay placeholders.
 */
public final class Placeholders {
  private final Map<String, String> paths = new LinkedHashMap<>();

  public Placeholders(Derivation derivation) {
    derivation
        .outputPaths()
        .forEach((output, path) -> paths.put(of(output), derivation.store().path(path)));
  }

  /** {@code hashPlaceholder} of Nix's derivations.cc. */
  public static String of(String output) {
    byte[] name = ("nix-output:" + output).getBytes(StandardCharsets.US_ASCII);
    return "/" + NixBase32.encode(Sha256.of(name));
  }

  /** The text with the paths in their places. */
  public ByteString replaced(ByteString text) {
    String replaced = text.latin1();
    for (Map.Entry<String, String> path : paths.entrySet()) {
      replaced = replaced.replace(path.getKey(), path.getValue());
    }
    return new ByteString(replaced);
  }
}
