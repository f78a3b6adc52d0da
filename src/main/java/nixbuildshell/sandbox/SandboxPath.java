package nixbuildshell.sandbox;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.store.StoreDirectory;

/**
 * Names a path of the host that the sandbox shows, like Nix's setting {@code sandbox-paths}: {@code
 * PATH} or {@code TARGET=SOURCE}, with a {@code ?} at the end when it may be missing.
 *
 * @param target its path, as seen from inside
 * @param source its path on the host
 */
public record SandboxPath(ByteString target, ByteString source, boolean optional) {

  /** Reads an entry of the setting ({@code startBuilder} in local-derivation-goal.cc). */
  public static SandboxPath parse(ByteString entry) {
    String text = entry.latin1();
    boolean optional = text.endsWith("?");
    String path = optional ? text.substring(0, text.length() - 1) : text;
    int equals = path.indexOf('=');
    return equals < 0
        ? new SandboxPath(directory(path), directory(path), optional)
        : new SandboxPath(
            directory(path.substring(0, equals)), directory(path.substring(equals + 1)), optional);
  }

  /** Returns a path without the slash that a shell's completion leaves. */
  private static ByteString directory(String path) {
    boolean slash = path.length() > 1 && path.endsWith("/");
    return new ByteString(slash ? path.substring(0, path.length() - 1) : path);
  }

  /**
   * Returns why the sandbox cannot show it; empty when it can. Its names must be plain, and it must
   * not replace what the sandbox has of its own.
   *
   * @param directory the build directory, as seen from inside
   */
  public Optional<String> problem(StoreDirectory store, String directory) {
    if (!isPlain(target) || !isPlain(source)) {
      return Optional.of("it must be absolute, without '.', '..' or empty names");
    }
    return OwnPaths.changed(target.latin1(), List.of(store.path(), directory))
        .map(own -> new ByteString(own) + " is the sandbox's own");
  }

  private static boolean isPlain(ByteString path) {
    String text = path.latin1();
    return text.startsWith("/")
        && text.indexOf('\0') < 0
        && Stream.of(text.substring(1).split("/", -1))
            .noneMatch(name -> name.isEmpty() || name.equals(".") || name.equals(".."));
  }

  /** Returns the entry of the setting. */
  @Override
  public String toString() {
    String suffix = optional ? "?" : "";
    return target.equals(source) ? target + suffix : target + "=" + source + suffix;
  }
}
