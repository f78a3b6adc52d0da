package nixbuildshell.store;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;

/**
 * Reads, prints and makes up whole store paths, {@code /nix/store/HASH-NAME} ({@code
 * StoreDirConfig} in Nix's store-dir-config.hh).
 *
 * @param path the start of every store path, wherever the files really are: absolute, of printable
 *     ASCII, in normal form
 */
public record StoreDirectory(String path) {
  public static final StoreDirectory DEFAULT = new StoreDirectory("/nix/store");

  /** Returns the whole path, which is ASCII. */
  public String path(StorePath of) {
    return path + '/' + of.baseName();
  }

  /** Decides whether a path is the store or lies in it. */
  public boolean has(ByteString whole) {
    return whole.latin1().equals(path) || whole.startsWith(path + "/");
  }

  /** Parses {@code /nix/store/HASH-NAME}. */
  public StorePath parse(ByteString whole) throws Malformed {
    // A closure can have thousands; the way below finds out what is wrong with a path.
    if (whole.startsWith(path) && whole.latin1().startsWith("/", path.length())) {
      Optional<StorePath> plain = StorePath.find(whole.latin1().substring(path.length() + 1));
      if (plain.isPresent()) {
        return plain.get();
      }
    }
    StorePath in = containing(whole);
    if (!path(in).equals(whole.latin1())) {
      throw new Malformed("it lies below the store path " + path(in));
    }
    return in;
  }

  /**
   * Returns the store path that a path lies in: for {@code /nix/store/x-y/bin/bash} that is {@code
   * x-y}.
   *
   * @throws Malformed also for a path with {@code .}, {@code ..} or an empty component, because it
   *     can lead out of the store again, and for a path with a NUL
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

  /**
   * Returns the path where a build puts an output whose final path depends on its content ({@code
   * makeFallbackPath} in local-derivation-goal.cc, {@code makeStorePath} in store-api.cc). For an
   * impure derivation, Nix takes a random path each time; this one stands for it.
   *
   * @param derivation the derivation that has the output
   */
  StorePath scratchOutput(StorePath derivation, String output) {
    String name = derivation.derivationName() + (output.equals("out") ? "" : "-" + output);
    return made("rewrite:" + derivation.baseName() + ":name:" + output, "0".repeat(64), name);
  }

  /**
   * Returns the path of a content by its hash ({@code makeFixedOutputPath} in store-api.cc).
   *
   * @param method {@code sha256}, {@code r:sha256} and the like, as derivations have it
   * @param hash base 16
   */
  public StorePath fixedOutput(String method, String hash, String name) {
    if (method.equals("r:sha256")) {
      return made("source", hash, name);
    }
    String content = "fixed:out:" + method + ":" + hash + ":";
    return made("output:out", NixHash.base16(content.getBytes(StandardCharsets.US_ASCII)), name);
  }

  /** Makes a path as {@code makeStorePath} does. */
  private StorePath made(String type, String hash, String name) {
    String fingerprint = type + ":sha256:" + hash + ":" + path + ":" + name;
    byte[] bytes = fingerprint.getBytes(StandardCharsets.ISO_8859_1);
    return new StorePath(NixHash.ofStorePath(bytes), name);
  }
}
