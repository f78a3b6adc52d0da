package nixbuildshell.console;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;

/**
 * The process's own arguments and environment as the kernel has them. The JVM has decoded its
 * copies with the locale's charset, which loses bytes; {@code /proc/self} does not (proc(5)).
 */
public final class ProcessBytes {
  private ProcessBytes() {}

  /**
   * The arguments of {@code main}: the last of the command line, since the JVM's own come first.
   *
   * @param count how many arguments {@code main} got
   */
  public static List<ByteString> arguments(int count) {
    List<ByteString> all = strings(Path.of("/proc/self/cmdline"));
    return all.subList(all.size() - count, all.size());
  }

  /** The value of an environment variable; empty when it is unset or has no value. */
  public static Optional<ByteString> environment(String name) {
    String prefix = name + "=";
    return strings(Path.of("/proc/self/environ")).stream()
        .filter(entry -> entry.startsWith(prefix) && entry.length() > prefix.length())
        .map(entry -> new ByteString(entry.latin1().substring(prefix.length())))
        .findFirst();
  }

  private static List<ByteString> strings(Path path) {
    try {
      String all = new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
      List<ByteString> strings = new ArrayList<>();
      for (int start = 0; start < all.length(); ) {
        int end = all.indexOf('\0', start);
        end = end < 0 ? all.length() : end;
        strings.add(new ByteString(all.substring(start, end)));
        start = end + 1;
      }
      return strings;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + path, e);
    }
  }
}
