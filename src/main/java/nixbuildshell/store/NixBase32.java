package nixbuildshell.store;

/** Nix's base 32: its own alphabet, the last byte first (hash.cc, {@code printHash32}). */
public final class NixBase32 {
  /** Without e, o, u and t, so that no hash spells a word. */
  static final String ALPHABET = "0123456789abcdfghijklmnpqrsvwxyz";

  private NixBase32() {}

  public static String encode(byte[] bytes) {
    int length = (bytes.length * 8 + 4) / 5;
    StringBuilder text = new StringBuilder(length);
    for (int n = length - 1; n >= 0; n--) {
      int bit = n * 5;
      int low = bytes[bit / 8] & 0xff;
      int high = bit / 8 + 1 < bytes.length ? bytes[bit / 8 + 1] & 0xff : 0;
      text.append(ALPHABET.charAt((low | high << 8) >> bit % 8 & 0x1f));
    }
    return text.toString();
  }
}
