package nixbuildshell.capture;

import java.util.List;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.store.StorePath;

/**
 * Describes a shell that can run a command in the sandbox. Its name alone tells what it
 * understands, since it must not be run outside.
 *
 * @param path absolute, as seen from inside
 */
public record Shell(ByteString path) {
  /** The path of the shell that Nix's setting {@code sandbox-paths} gives every build. */
  public static final ByteString SYSTEM = ByteString.of("/bin/sh");

  private static final Set<String> POSIX =
      Set.of("ash", "dash", "ksh", "mksh", "oksh", "posh", "sh", "yash");

  /**
   * Decides whether a builder is a shell: {@code …/bin/bash}, {@code …/bash-5.2}, {@code
   * …/busybox}, or a store path of such a name that is itself the program.
   */
  static boolean is(ByteString builder) {
    Shell shell = new Shell(builder);
    return shell.name().startsWith("bash") || !shell.isBash();
  }

  /** Decides whether the shell understands {@code env-vars}, which are bash's declarations. */
  public boolean isBash() {
    return !POSIX.contains(name()) && !isMultiCall();
  }

  /** Returns the words that start the shell. */
  public List<ByteString> words() {
    return isMultiCall() ? List.of(path, ByteString.of("sh")) : List.of(path);
  }

  /** Recognises a busybox, which is a shell only when its first argument says so. */
  private boolean isMultiCall() {
    return name().startsWith("busybox");
  }

  private String name() {
    String last = path.latin1().substring(path.latin1().lastIndexOf('/') + 1);
    return StorePath.find(last).map(StorePath::name).orElse(last);
  }
}
