package nixbuildshell.store;

import java.util.Optional;
import nixbuildshell.Malformed;

/**
 * Names an entry of a store: {@code HASH-NAME}; {@link StoreDirectory} prints the whole path. The
 * rules are Nix's own ({@code checkName} in path.cc), so the base name is ASCII and never {@code .}
 * or {@code ..}.
 *
 * @param hash 32 characters of Nix's base 32
 * @param name 1 to 211 characters
 */
public record StorePath(String hash, String name) implements Comparable<StorePath> {
  private static final int HASH_LENGTH = 32;
  private static final int LONGEST_NAME = 211;
  private static final String DERIVATION = ".drv";

  /** Parses {@code HASH-NAME}, an entry of the store directory. */
  public static StorePath ofBaseName(String baseName) throws Malformed {
    if (baseName.length() <= HASH_LENGTH || baseName.charAt(HASH_LENGTH) != '-') {
      throw new Malformed("it does not begin with a hash of 32 characters and a hyphen");
    }
    String hash = baseName.substring(0, HASH_LENGTH);
    if (!hash.chars().allMatch(c -> NixHash.ALPHABET.indexOf(c) >= 0)) {
      throw new Malformed("its hash is not in Nix's base 32");
    }
    return new StorePath(hash, checkedName(baseName.substring(HASH_LENGTH + 1)));
  }

  /** Parses {@code HASH-NAME}; empty when a name has another form. */
  public static Optional<StorePath> find(String baseName) {
    try {
      return Optional.of(ofBaseName(baseName));
    } catch (Malformed e) {
      return Optional.empty();
    }
  }

  /** Decides whether Nix allows a store path this name. */
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
    if (!name.chars().allMatch(StorePath::isAllowed)) {
      throw new Malformed("its name has a character that the store does not allow");
    }
    return name;
  }

  private static boolean isAllowed(int c) {
    return c >= '0' && c <= '9'
        || c >= 'a' && c <= 'z'
        || c >= 'A' && c <= 'Z'
        || "+._?=-".indexOf(c) >= 0;
  }

  public boolean isDerivation() {
    return name.length() > DERIVATION.length() && name.endsWith(DERIVATION);
  }

  /** Returns a derivation's name without {@code .drv}. */
  public String derivationName() {
    return name.substring(0, name.length() - DERIVATION.length());
  }

  /** Decides whether it is the root directory of a running build, which Nix names so. */
  public boolean isChroot() {
    return name.endsWith(".drv.chroot");
  }

  public String baseName() {
    return hash + '-' + name;
  }

  /** The record's own would be linked at its first use: some ms of the start. */
  @Override
  public boolean equals(Object other) {
    return other instanceof StorePath path && hash.equals(path.hash) && name.equals(path.name);
  }

  @Override
  public int hashCode() {
    return hash.hashCode();
  }

  @Override
  public int compareTo(StorePath other) {
    return baseName().compareTo(other.baseName());
  }

  /** Returns the base name; a message prints {@link StoreDirectory#path(StorePath)} instead. */
  @Override
  public String toString() {
    return baseName();
  }
}
