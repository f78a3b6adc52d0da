package nixbuildshell.store;

import nixbuildshell.Malformed;

/**
 * Names an entry of a store: {@code HASH-NAME}. {@link StoreDirectory} has the whole path. The
 * rules are Nix's own ({@code checkName} in path.cc), so the base name is ASCII and never {@code .}
 * or {@code ..}.
 *
 * @param hash 32 characters of Nix's base 32
 * @param name 1 to 211 characters
 */
public record StorePath(String hash, String name) implements Comparable<StorePath> {
  private static final int HASH_LENGTH = 32;
  private static final int LONGEST_NAME = 211;

  /** Parses {@code HASH-NAME}, an entry of the store directory. */
  public static StorePath ofBaseName(String baseName) throws Malformed {
    if (baseName.length() <= HASH_LENGTH || baseName.charAt(HASH_LENGTH) != '-') {
      throw new Malformed("it does not begin with a hash of 32 characters and a hyphen");
    }
    String hash = baseName.substring(0, HASH_LENGTH);
    if (!hash.chars().allMatch(c -> NixBase32.ALPHABET.indexOf(c) >= 0)) {
      throw new Malformed("its hash is not in Nix's base 32");
    }
    return new StorePath(hash, checkedName(baseName.substring(HASH_LENGTH + 1)));
  }

  /** Whether Nix would let a store path be named so. */
  public static boolean isName(String name) {
    try {
      checkedName(name);
      return true;
    } catch (Malformed e) {
      return false;
    }
  }

  private static String checkedName(String name) throws Malformed {
    if (name.isEmpty() || name.length() > LONGEST_NAME) {
      throw new Malformed("its name is empty or longer than " + LONGEST_NAME + " characters");
    }
    String first = name.split("-", 2)[0];
    if (first.equals(".") || first.equals("..")) {
      throw new Malformed("its name begins with the component '" + first + "'");
    }
    if (!name.chars().allMatch(StorePath::isNameCharacter)) {
      throw new Malformed("its name has a character that the store does not allow");
    }
    return name;
  }

  private static boolean isNameCharacter(int c) {
    return c >= '0' && c <= '9'
        || c >= 'a' && c <= 'z'
        || c >= 'A' && c <= 'Z'
        || "+-._?=".indexOf(c) >= 0;
  }

  public boolean isDerivation() {
    return name.length() > ".drv".length() && name.endsWith(".drv");
  }

  /** Nix keeps the root directory of a build that runs under its derivation's name. */
  public boolean isChroot() {
    return name.endsWith(".drv.chroot");
  }

  public String baseName() {
    return hash + '-' + name;
  }

  @Override
  public int compareTo(StorePath other) {
    return baseName().compareTo(other.baseName());
  }

  @Override
  public String toString() {
    return baseName();
  }
}
