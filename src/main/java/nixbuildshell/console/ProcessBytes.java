package nixbuildshell.console;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import nixbuildshell.ByteString;

/**
 * Reads this process's arguments, environment and ids from {@code /proc/self} (proc(5)). The JVM
 * has decoded its copies with the locale's charset, which loses bytes.
 */
public final class ProcessBytes {
  private ProcessBytes() {}

  /**
   * Returns the arguments of {@code main}: the last of the command line, behind the JVM's own.
   *
   * @param count how many arguments {@code main} got
   */
  public static List<ByteString> arguments(int count) {
    List<ByteString> all = strings(Path.of("/proc/self/cmdline"));
    return all.subList(all.size() - count, all.size());
  }

  /**
   * Returns the part of the command line that starts the JVM and names the jar behind the word
   * {@code -cp}, as the launcher does; empty when there is no such word.
   */
  public static List<ByteString> jar() {
    List<ByteString> all = strings(Path.of("/proc/self/cmdline"));
    int option = all.indexOf(ByteString.of("-cp"));
    return option < 0 || option + 1 == all.size() ? List.of() : all.subList(0, option + 2);
  }

  /** Returns the environment variables that have a value; of those of one name, the first. */
  public static Map<String, ByteString> environment() {
    Map<String, ByteString> variables = new HashMap<>();
    for (ByteString entry : strings(Path.of("/proc/self/environ"))) {
      int equals = entry.latin1().indexOf('=');
      if (equals > 0 && equals < entry.length() - 1) {
        variables.putIfAbsent(
            entry.latin1().substring(0, equals),
            new ByteString(entry.latin1().substring(equals + 1)));
      }
    }
    return variables;
  }

  /**
   * Returns an effective id of this process (proc(5), {@code /proc/pid/status}).
   *
   * @param kind {@code Uid} or {@code Gid}
   */
  public static long effectiveId(String kind) {
    return read(Path.of("/proc/self/status"))
        .lines()
        .filter(line -> line.startsWith(kind + ":"))
        .map(line -> Long.parseLong(line.split("\\s+")[2]))
        .findFirst()
        .orElseThrow();
  }

  private static List<ByteString> strings(Path path) {
    List<ByteString> strings = new ArrayList<>();
    String all = read(path);
    for (int start = 0; start < all.length(); ) {
      int end = all.indexOf('\0', start);
      end = end < 0 ? all.length() : end;
      strings.add(new ByteString(all.substring(start, end)));
      start = end + 1;
    }
    return strings;
  }

  private static String read(Path path) {
    try {
      return new String(Files.readAllBytes(path), ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + path, e);
    }
  }
}
