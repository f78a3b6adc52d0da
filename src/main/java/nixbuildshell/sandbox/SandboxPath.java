package nixbuildshell.sandbox;

import nixbuildshell.ByteString;

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
        ? new SandboxPath(new ByteString(path), new ByteString(path), optional)
        : new SandboxPath(
            new ByteString(path.substring(0, equals)),
            new ByteString(path.substring(equals + 1)),
            optional);
  }

  /** The entry again. */
  @Override
  public String toString() {
    String suffix = optional ? "?" : "";
    return target.equals(source) ? target + suffix : target + "=" + source + suffix;
  }
}
