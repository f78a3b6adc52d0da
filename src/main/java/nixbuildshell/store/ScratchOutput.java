package nixbuildshell.store;

import java.nio.charset.StandardCharsets;

/**
 * Where a build puts an output whose path Nix computes from its content afterwards: under a name
 * made of the derivation's, which is nowhere else ({@code makeFallbackPath} in
 * local-derivation-goal.cc, {@code makeStorePath} in store-api.cc). For an impure derivation Nix
 * makes up another name each time, for which this one can stand.
 */
public final class ScratchOutput {
  private static final int HASH_BYTES = 20;

  private ScratchOutput() {}

  /**
   * The path.
   *
   * @param derivation that is built
   */
  public static StorePath of(StoreDirectory store, StorePath derivation, String output) {
    String name = derivation.name().substring(0, derivation.name().length() - ".drv".length());
    if (!output.equals("out")) {
      name += "-" + output;
    }
    String fingerprint =
        "rewrite:"
            + derivation.baseName()
            + ":name:"
            + output
            + ":sha256:"
            + "0".repeat(64)
            + ":"
            + store.path()
            + ":"
            + name;
    byte[] hash = Sha256.of(fingerprint.getBytes(StandardCharsets.ISO_8859_1));
    return new StorePath(NixBase32.encode(compressed(hash)), name);
  }

  private static byte[] compressed(byte[] hash) {
    byte[] compressed = new byte[HASH_BYTES];
    for (int i = 0; i < hash.length; i++) {
      compressed[i % HASH_BYTES] ^= hash[i];
    }
    return compressed;
  }
}
