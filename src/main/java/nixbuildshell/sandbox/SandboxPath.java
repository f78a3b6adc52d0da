package nixbuildshell.sandbox;

import java.util.Optional;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.store.StoreDirectory;

/**
 * A path of the host that is shown in the sandbox, as Nix's setting {@code sandbox-paths} has them:
 * {@code PATH} or {@code TARGET=SOURCE}, with a {@code ?} at the end when it may be missing.
 *
 * @param target as seen from inside
 * @param source on the host
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

  /** Without the slash that a shell's completion leaves. */
  private static ByteString directory(String path) {
    boolean slash = path.length() > 1 && path.endsWith("/");
    return new ByteString(slash ? path.substring(0, path.length() - 1) : path);
  }

  /**
   * Why it cannot be in a sandbox: its names must be plain ones, and what the sandbox is made of
   * stays what it is. Empty when it can.
   */
  public Optional<String> problem(StoreDirectory store) {
    if (!isPlain(target) || !isPlain(source)) {
      return Optional.of("it must be absolute, without '.', '..' or empty names");
    }
    return OwnPaths.changed(target.latin1(), store.path())
        .map(own -> new ByteString(own) + " is the sandbox's own");
  }

  private static boolean isPlain(ByteString path) {
    String text = path.latin1();
    return text.startsWith("/")
        && text.indexOf('\0') < 0
        && Stream.of(text.substring(1).split("/", -1))
            .noneMatch(name -> name.isEmpty() || name.equals(".") || name.equals(".."));
  }

  /** The entry again. */
  @Override
  public String toString() {
    String suffix = optional ? "?" : "";
    return target.equals(source) ? target + suffix : target + "=" + source + suffix;
  }
}
