package nixbuildshell.store;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import nixbuildshell.Malformed;

/**
 * Names an entry of a store: {@code HASH-NAME}; {@link StoreDirectory} prints the whole path. The
 * rules are Nix's own ({@code checkName} in path.cc), so the base name is ASCII and never {@code .}
 * or {@code ..}.
 *
 * @param baseName a hash of 32 characters of Nix's base 32, a hyphen, and a name of 1 to 211
 *     characters
 */
public record StorePath(String baseName) implements Comparable<StorePath> {
  private static final int HASH_LENGTH = 32;
  private static final int LONGEST_NAME = 211;

  /** The characters of the shortest base name. */
  static final int SHORTEST = HASH_LENGTH + 2;

  private static final String DERIVATION = ".drv";
  private static final boolean[] OF_HASHES = NixHash.table(NixHash.ALPHABET);
  private static final boolean[] OF_NAMES =
      NixHash.table("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-._?=");

  /** Makes a path of its parts, which are not checked. */
  public StorePath(String hash, String name) {
    this(hash + '-' + name);
  }

  /** Parses {@code HASH-NAME}, an entry of the store directory. */
  public static StorePath ofBaseName(String baseName) throws Malformed {
    byte[] characters = baseName.getBytes(StandardCharsets.UTF_8);
    check(characters, 0, characters.length);
    return new StorePath(baseName);
  }

  private static void check(byte[] characters, int from, int to) throws Malformed {
    int hyphen = from + HASH_LENGTH;
    if (to <= hyphen || characters[hyphen] != '-') {
      throw new Malformed("it does not begin with a hash of 32 characters and a hyphen");
    }
    if (!consistsOf(OF_HASHES, characters, from, hyphen)) {
      throw new Malformed("its hash is not in Nix's base 32");
    }
    checkName(characters, hyphen + 1, to);
  }

  /** A loop over an array is fast from the first path on, before anything is compiled. */
  private static boolean consistsOf(boolean[] allowed, byte[] characters, int from, int to) {
    for (int i = from; i < to; i++) {
      if (characters[i] < 0 || !allowed[characters[i]]) {
        return false;
      }
    }
    return true;
  }

  /** Parses {@code HASH-NAME}; empty when a name has another form. */
  public static Optional<StorePath> find(String baseName) {
    try {
      return Optional.of(ofBaseName(baseName));
    } catch (Malformed e) {
      return Optional.empty();
    }
  }

  /** Parses {@code HASH-NAME} so in a part of an array. */
  static Optional<StorePath> find(byte[] characters, int from, int to) {
    try {
      check(characters, from, to);
      return Optional.of(
          new StorePath(new String(characters, from, to - from, StandardCharsets.ISO_8859_1)));
    } catch (Malformed e) {
      return Optional.empty();
    }
  }

  /** Decides whether Nix allows a store path this name. */
  public static boolean isName(String name) {
    try {
      byte[] characters = name.getBytes(StandardCharsets.UTF_8);
      checkName(characters, 0, characters.length);
      return true;
    } catch (Malformed e) {
      return false;
    }
  }

  /** Checks the characters from an index to another. */
  private static void checkName(byte[] characters, int from, int to) throws Malformed {
    int length = to - from;
    if (length == 0 || length > LONGEST_NAME) {
      throw new Malformed("its name is empty or longer than " + LONGEST_NAME + " characters");
    }
    int dots = 0;
    while (dots < length && characters[from + dots] == '.') {
      dots++;
    }
    boolean component = dots == length || characters[from + dots] == '-';
    if (component && (dots == 1 || dots == 2)) {
      throw new Malformed("its name begins with the component '" + ".".repeat(dots) + "'");
    }
    if (!consistsOf(OF_NAMES, characters, from, to)) {
      throw new Malformed("its name has a character that the store does not allow");
    }
  }

  public String name() {
    return baseName.substring(HASH_LENGTH + 1);
  }

  public boolean isDerivation() {
    return baseName.length() > HASH_LENGTH + 1 + DERIVATION.length()
        && baseName.endsWith(DERIVATION);
  }

  /** Returns a derivation's name without {@code .drv}. */
  public String derivationName() {
    return baseName.substring(HASH_LENGTH + 1, baseName.length() - DERIVATION.length());
  }

  /** Decides whether it is the root directory of a running build, which Nix names so. */
  public boolean isChroot() {
    return baseName.endsWith(".drv.chroot");
  }

  /** The record's own would be linked at its first use: some ms of the start. */
  @Override
  public boolean equals(Object other) {
    return other instanceof StorePath path && baseName.equals(path.baseName);
  }

  @Override
  public int hashCode() {
    return baseName.hashCode();
  }

  @Override
  public int compareTo(StorePath other) {
    return baseName.compareTo(other.baseName);
  }

  /** Returns the base name; a message prints {@link StoreDirectory#path(StorePath)} instead. */
  @Override
  public String toString() {
    return baseName;
  }
}
