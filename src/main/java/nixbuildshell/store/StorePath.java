package nixbuildshell.store;

import nixbuildshell.ByteString;
import nixbuildshell.Malformed;

/**
 * A store path: {@code /nix/store/HASH-NAME} ({@link LogicalStore}), nothing below it. The rules
 * are Nix's own ({@code checkName} in path.cc), so the base name is ASCII and never {@code .} or
 * {@code ..}.
 *
 * @param hash 32 characters of Nix's base 32
 * @param name 1 to 211 characters
 */
public record StorePath(String hash, String name) implements Comparable<StorePath> {
  private static final int HASH_LENGTH = 32;
  private static final int LONGEST_NAME = 211;

  /** Parses {@code /nix/store/HASH-NAME}. */
  public static StorePath parse(ByteString path) throws Malformed {
    StorePath store = containing(path);
    if (!store.toString().equals(path.latin1())) {
      throw new Malformed("it lies below the store path " + store);
    }
    return store;
  }

  /**
   * The store path that a path lies in: {@code /nix/store/x-y} for {@code /nix/store/x-y/bin/bash}.
   * A path with {@code .}, {@code ..} or an empty component lies nowhere, because such a path can
   * lead out of the store again; neither does one with a NUL.
   */
  public static StorePath containing(ByteString path) throws Malformed {
    String text = path.latin1();
    if (!text.startsWith("/")) {
      throw new Malformed("it is not absolute");
    }
    if (text.indexOf('\0') >= 0) {
      throw new Malformed("it contains a NUL byte");
    }
    String directory = LogicalStore.directory() + "/";
    if (!text.startsWith(directory)) {
      throw new Malformed("it is not in " + LogicalStore.directory());
    }
    String[] components = text.substring(directory.length()).split("/", -1);
    for (String component : components) {
      if (component.isEmpty() || component.equals(".") || component.equals("..")) {
        throw new Malformed("it has an empty component, '.' or '..'");
      }
    }
    return ofBaseName(components[0]);
  }

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

  public ByteString path() {
    return new ByteString(toString());
  }

  @Override
  public int compareTo(StorePath other) {
    return baseName().compareTo(other.baseName());
  }

  /** The whole path. */
  @Override
  public String toString() {
    return LogicalStore.directory() + '/' + baseName();
  }
}
