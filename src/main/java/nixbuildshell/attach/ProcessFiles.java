package nixbuildshell.attach;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads what {@code /proc} says of one process (proc(5)). Texts have one byte in each char.
 *
 * <p>The number can be another process by the time of a call, so take a pidfd first and ask
 * afterwards whether it is alive.
 */
record ProcessFiles(long pid) {
  /** More than any file has. A process can say that its environment is as large as its memory. */
  private static final int LARGEST = 16 << 20;

  /** Returns the numbers of all processes that this one can see. */
  static List<Long> all() {
    return numbers(Path.of("/proc"));
  }

  List<Long> threads() {
    return numbers(path("task"));
  }

  private static List<Long> numbers(Path directory) {
    List<Long> numbers = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "[0-9]*")) {
      for (Path entry : entries) {
        numbers.add(Long.valueOf(entry.getFileName().toString()));
      }
    } catch (IOException | RuntimeException e) {
      // It has ended.
    }
    return numbers;
  }

  /** Returns a file's text; empty when it cannot be read. */
  Optional<String> text(String name) {
    try (InputStream file = Files.newInputStream(path(name))) {
      return Optional.of(new String(file.readNBytes(LARGEST), StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Returns the words after a key of {@code status}; none when it cannot be read. */
  List<String> status(String key) {
    return status("status", key);
  }

  /** Returns the words after a key of a thread's {@code status}. */
  List<String> statusOf(long thread, String key) {
    return status("task/" + thread + "/status", key);
  }

  private List<String> status(String file, String key) {
    return text(file).stream()
        .flatMap(String::lines)
        .filter(line -> line.startsWith(key + ":"))
        .findFirst()
        .map(line -> List.of(line.substring(key.length() + 1).strip().split("\\s+")))
        .orElse(List.of());
  }

  /** Returns a number of {@code status}; -1 when it cannot be read. */
  long number(String key) {
    List<String> words = status(key);
    return words.isEmpty() ? -1 : Long.parseLong(words.get(0));
  }

  /** Returns where a link leads, as the kernel says it: {@code user:[4026531837]}. */
  Optional<String> link(String name) {
    try {
      // The JDK decodes by the locale; a name that it cannot decode is not what is looked for.
      return Optional.of(Files.readSymbolicLink(path(name)).toString());
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
  }

  private Path path(String name) {
    return Path.of("/proc", Long.toString(pid), name);
  }
}
