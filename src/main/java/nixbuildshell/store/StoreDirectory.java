package nixbuildshell.store;

import nixbuildshell.ByteString;
import nixbuildshell.Malformed;

/**
 * Reads and prints whole store paths, {@code /nix/store/HASH-NAME} ({@code StoreDirConfig} in Nix's
 * store-dir-config.hh).
 *
 * @param path what they begin with, wherever their files really are: absolute, of printable ASCII,
 *     in normal form
 */
public record StoreDirectory(String path) {
  public static final StoreDirectory DEFAULT = new StoreDirectory("/nix/store");

  /** Returns the whole path, which is ASCII. */
  public String path(StorePath of) {
    return path + '/' + of.baseName();
  }

  /** Parses {@code /nix/store/HASH-NAME}. */
  public StorePath parse(ByteString whole) throws Malformed {
    StorePath in = containing(whole);
    if (!path(in).equals(whole.latin1())) {
      throw new Malformed("it lies below the store path " + path(in));
    }
    return in;
  }

  /**
   * Returns the store path that a path lies in: that of {@code /nix/store/x-y/bin/bash} is {@code
   * x-y}. A path with {@code .}, {@code ..} or an empty component lies nowhere, because such a path
   * can lead out of the store again; neither does one with a NUL.
   */
  public StorePath containing(ByteString whole) throws Malformed {
    String text = whole.latin1();
    if (!text.startsWith("/")) {
      throw new Malformed("it is not absolute");
    }
    if (text.indexOf('\0') >= 0) {
      throw new Malformed("it contains a NUL byte");
    }
    if (!text.startsWith(path + "/")) {
      throw new Malformed("it is not in " + path);
    }
    String[] components = text.substring(path.length() + 1).split("/", -1);
    for (String component : components) {
      if (component.isEmpty() || component.equals(".") || component.equals("..")) {
        throw new Malformed("it has an empty component, '.' or '..'");
      }
    }
    return StorePath.ofBaseName(components[0]);
  }

  /** Decides whether a path lies in the store, or is the store. */
  public boolean has(ByteString whole) {
    return whole.latin1().equals(path) || whole.startsWith(path + "/");
  }
}
