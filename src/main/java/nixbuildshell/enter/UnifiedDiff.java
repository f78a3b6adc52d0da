package nixbuildshell.enter;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.store.NixStore;

/**
 * Makes the patch of one file with the host's {@code diff}. The program reads two files of the
 * tool's own, and no name from either tree: neither can lead it elsewhere.
 *
 * @param program GNU diff, or another that knows {@code -u -a -L}
 * @param scratch a private directory
 */
record UnifiedDiff(Path program, Path scratch) implements AutoCloseable {
  private static final long LONGEST_SECONDS = 120;
  private static final String NONE = "/dev/null";

  static UnifiedDiff open(Path program) {
    try {
      return new UnifiedDiff(program, Files.createTempDirectory("nix-build-shell-diff"));
    } catch (IOException e) {
      throw new Failure(
          "cannot make a directory in " + System.getProperty("java.io.tmpdir"),
          NixStore.reason(e),
          "");
    }
  }

  /**
   * Returns the patch for {@code patch -p1}; empty when both are the same.
   *
   * @param before empty for a new file
   * @param after empty for a file that is gone
   */
  ByteString of(ByteString name, Optional<byte[]> before, Optional<byte[]> after) {
    try {
      String one = file("before", before);
      String two = file("after", after);
      ProcessBuilder builder =
          new ProcessBuilder(program.toString(), "-u", "-a", "-L", "x", "-L", "x", one, two)
              .directory(scratch.toFile())
              .redirectInput(new File(NONE))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .redirectOutput(scratch.resolve("patch").toFile());
      builder.environment().keySet().retainAll(Set.of("PATH"));
      Process process = builder.start();
      if (!process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw failure(name, "it took longer than " + LONGEST_SECONDS + " seconds");
      } else if (process.exitValue() > 1) {
        throw failure(name, "it failed with status " + process.exitValue());
      }
      ByteString text = ByteString.of(Files.readAllBytes(scratch.resolve("patch")));
      return text.isEmpty()
          ? text
          : header("--- ", "a/", name, before)
              .plus(header("+++ ", "b/", name, after))
              .plus(withoutHeader(text.latin1()));
    } catch (IOException e) {
      throw new Failure(
          "cannot compare " + name + " by " + program + " in " + scratch, NixStore.reason(e), "");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure(name, "it was interrupted");
    }
  }

  private String file(String name, Optional<byte[]> content) throws IOException {
    if (content.isEmpty()) {
      return NONE;
    }
    Files.write(scratch.resolve(name), content.get());
    return name;
  }

  private static ByteString withoutHeader(String text) {
    return new ByteString(text.substring(text.indexOf('\n', text.indexOf('\n') + 1) + 1));
  }

  private static ByteString header(
      String sign, String side, ByteString name, Optional<byte[]> content) {
    return new ByteString(sign + (content.isEmpty() ? NONE : quoted(side + name.latin1())) + "\n");
  }

  /**
   * Returns a name as GNU patch reads it ({@code fetchname} in util.c): one with control characters
   * as a string of C's; behind one with spaces a tab.
   */
  static String quoted(String name) {
    if (name.chars().noneMatch(c -> c < ' ' || c == '"' || c == '\\' || c == 0x7f)) {
      return name.indexOf(' ') < 0 ? name : name + "\t";
    }
    StringBuilder quoted = new StringBuilder("\"");
    for (char c : name.toCharArray()) {
      if (c == '"' || c == '\\') {
        quoted.append('\\').append(c);
      } else {
        quoted.append(c < ' ' || c >= 0x7f ? String.format("\\%03o", (int) c) : String.valueOf(c));
      }
    }
    return quoted.append('"').toString();
  }

  private Failure failure(ByteString name, String why) {
    return new Failure("cannot compare " + name + " by " + program, why, "");
  }

  @Override
  public void close() {
    for (String name : List.of("before", "after", "patch", "")) {
      try {
        Files.deleteIfExists(scratch.resolve(name));
      } catch (IOException e) {
        // It is in a directory for temporary files.
      }
    }
  }
}
