package nixbuildshell.capture;

import java.util.List;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.store.StorePath;

/**
 * A shell that can run a command in the sandbox. What it understands is told by its name alone: it
 * must not be run outside.
 *
 * @param path absolute
 */
public record Shell(ByteString path) {
  /** Where every build has a shell that Nix's {@code sandbox-paths} provide. */
  public static final ByteString SYSTEM = ByteString.of("/bin/sh");

  private static final Set<String> POSIX =
      Set.of("ash", "dash", "ksh", "mksh", "oksh", "posh", "sh", "yash");

  /**
   * Whether a builder is a shell: {@code …/bin/bash}, {@code …/bash-5.2}, {@code …/busybox}, or a
   * store path of such a name that is itself the program.
   */
  static boolean is(ByteString builder) {
    Shell shell = new Shell(builder);
    return shell.name().startsWith("bash") || !shell.isBash();
  }

  /** Whether it understands {@code env-vars}, which are bash's declarations. */
  public boolean isBash() {
    return !POSIX.contains(name()) && !isMultiCall();
  }

  /** The words that start it. */
  public List<ByteString> words() {
    return isMultiCall() ? List.of(path, ByteString.of("sh")) : List.of(path);
  }

  /** A busybox is the shell only when it is told so. */
  private boolean isMultiCall() {
    return name().startsWith("busybox");
  }

  private String name() {
    String last = path.latin1().substring(path.latin1().lastIndexOf('/') + 1);
    return StorePath.find(last).map(StorePath::name).orElse(last);
  }
}
