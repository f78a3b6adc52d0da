package nixbuildshell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds the rooms to what each may use: data flows one way. */
class RoomsTest {
  private static final Map<String, Set<String>> MAY_USE =
      Map.of(
          "cli", Set.of("session", "capture", "nix", "sandbox", "plan", "linux"),
          "session", Set.of("linux", "plan"),
          "capture", Set.of(),
          "nix", Set.of(),
          "sandbox", Set.of("capture"),
          "plan", Set.of("sandbox"),
          "linux", Set.of("plan"));
  private static final Map<String, String> LIBRARY_ROOMS =
      Map.of(
          "picocli.", "cli",
          "com.google.gson.", "capture nix session",
          "com.sun.jna.", "linux",
          "java.lang.foreign.", "linux");
  private static final Pattern USE =
      Pattern.compile(
          "^import (?:static )?([\\w.]+)|\\b(nixbuildshell\\.[a-z]+)\\.[A-Z]", Pattern.MULTILINE);

  @Test
  void noRoomReachesUpOrSideways() throws IOException {
    List<String> wrong = new ArrayList<>();
    int files = 0;
    for (String root : List.of("src/main/java", "src/main/java22")) {
      for (Path file : javaFiles(Path.of(root))) {
        files++;
        wrong.addAll(wrongUses(file));
      }
    }
    assertTrue(files > 10, "found only " + files + " files: run from the project's directory");
    assertEquals(List.of(), wrong);
  }

  private static List<String> wrongUses(Path file) throws IOException {
    String room = file.getParent().getFileName().toString();
    if (room.equals("nixbuildshell")) {
      room = "";
    }
    List<String> wrong = new ArrayList<>();
    Matcher use = USE.matcher(Files.readString(file));
    while (use.find()) {
      String name = use.group(1) != null ? use.group(1) : use.group(2) + ".";
      if (!allowed(room, name)) {
        wrong.add(file + " uses " + name);
      }
    }
    return wrong;
  }

  private static boolean allowed(String room, String name) {
    for (Map.Entry<String, String> library : LIBRARY_ROOMS.entrySet()) {
      if (name.startsWith(library.getKey())) {
        return List.of(library.getValue().split(" ")).contains(room);
      }
    }
    Matcher used = Pattern.compile("^nixbuildshell\\.([a-z]+)\\.").matcher(name);
    return !used.find()
        || used.group(1).equals(room)
        || MAY_USE.getOrDefault(room, Set.of()).contains(used.group(1));
  }

  private static List<Path> javaFiles(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files.filter(f -> f.toString().endsWith(".java")).sorted().toList();
    }
  }
}
