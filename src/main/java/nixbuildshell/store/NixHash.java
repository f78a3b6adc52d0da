package nixbuildshell.store;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import nixbuildshell.ByteString;

/** Makes the hashes that Nix names things by: SHA-256 in Nix's base 32 (hash.cc). */
public final class NixHash {
  /** Leaves out e, o, u and t, so that no hash spells a word. */
  static final String ALPHABET = "0123456789abcdfghijklmnpqrsvwxyz";

  private static final int STORE_PATH_BYTES = 20;
  private static final int LENGTH = 52;
  private static final boolean[] IN_HASHES = table(ALPHABET);

  private NixHash() {}

  /**
   * Decides whether a text can have such a hash after a slash. Java takes 10 ms to find its
   * SHA-256, and few texts need one. Where there is none, few bytes are looked at.
   */
  static boolean mayBeIn(ByteString text) {
    byte[] bytes = text.bytes();
    int slash = 0;
    while (slash + LENGTH < bytes.length) {
      int other = slash + LENGTH;
      while (other > slash && bytes[other] >= 0 && IN_HASHES[bytes[other]]) {
        other--;
      }
      if (bytes[other] != '/') {
        // From here to the last byte that was reached for there is no slash either.
        slash += LENGTH + 1;
      } else if (other > slash) {
        slash = other;
      } else {
        return true;
      }
    }
    return false;
  }

  /** Returns which of the ASCII characters are among these. */
  static boolean[] table(String characters) {
    boolean[] table = new boolean[128];
    for (char c : characters.toCharArray()) {
      table[c] = true;
    }
    return table;
  }

  /** Returns the hash of bytes in 52 characters. */
  public static String of(byte[] bytes) {
    return base32(sha256(bytes));
  }

  /** Returns the hash of bytes in 64 characters of base 16. */
  static String base16(byte[] bytes) {
    return HexFormat.of().formatHex(sha256(bytes));
  }

  /** Returns the hash of bytes folded into 20 bytes, in 32 characters ({@code compressHash}). */
  static String ofStorePath(byte[] bytes) {
    byte[] hash = sha256(bytes);
    byte[] folded = new byte[STORE_PATH_BYTES];
    for (int i = 0; i < hash.length; i++) {
      folded[i % STORE_PATH_BYTES] ^= hash[i];
    }
    return base32(folded);
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Spells bytes in five bits a character, the last byte first ({@code printHash32}). */
  private static String base32(byte[] bytes) {
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
