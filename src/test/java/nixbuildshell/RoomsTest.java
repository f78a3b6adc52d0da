package nixbuildshell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds the house to its plan: rooms use lower rooms only, and no files form a circle. */
class RoomsTest {
  /** Lists the rooms from the ground up: the room, then the rooms that it may use. */
  private static final String HOUSE =
      """
      console
      abi
      kernel:   abi
      files:    kernel
      nix:      files
      session:  files
      store:    nix files
      sandbox:  store abi
      capture:  store nix files
      plan:     sandbox abi
      launch:   plan files kernel
      terminal: launch kernel
      view:     capture session sandbox launch
      shell:    capture session sandbox
      host:     kernel files nix plan launch
      doctor:   view host
      attach:   kernel abi files nix store sandbox plan launch
      listing:  capture session attach
      enter:    view shell host terminal attach
      commands: enter listing doctor
      cli:      commands
      """;

  /** Lists the rooms that may use a library. */
  private static final Map<String, String> LIBRARIES =
      Map.of(
          "picocli.", "cli commands",
          "com.google.gson.", "store",
          "com.sun.jna.", "kernel",
          "java.lang.foreign.", "kernel");

  /** Lists the circles that are there for a reason, their files in order. */
  private static final Map<String, String> CIRCLES = Map.of();

  private static final Path ROOT = Path.of("src/main/java/nixbuildshell");
  private static final Pattern OTHER_ROOM =
      Pattern.compile("nixbuildshell\\.([a-z.]+)\\.([A-Z]\\w*)");
  private static final Pattern NAME = Pattern.compile("(?<![\\w.])[A-Z]\\w*");
  private static final Pattern LIBRARY =
      Pattern.compile("^import (?:static )?([\\w.]+)", Pattern.MULTILINE);
  private static final Pattern NO_CODE =
      Pattern.compile("(?s)/\\*.*?\\*/|//[^\\n]*|\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\\\n])*\"");

  /** A source file: its room (empty for the root package), its type's name and its text. */
  private record Source(String room, String name, String text) {
    String path() {
      return room.isEmpty() ? name : room + "/" + name;
    }

    String code() {
      return NO_CODE.matcher(text).replaceAll("");
    }
  }

  @Test
  void noRoomReachesUpOrSideways() throws IOException {
    Map<String, Set<String>> mayUse = mayUse();
    List<String> wrong = new ArrayList<>();
    for (Source source : sources()) {
      assertTrue(
          source.room.isEmpty() || mayUse.containsKey(source.room),
          source.path() + ": no such room");
      Matcher use = OTHER_ROOM.matcher(source.text);
      while (use.find()) {
        String room = lastName(use.group(1));
        if (!room.equals(source.room)
            && !mayUse.getOrDefault(source.room, Set.of()).contains(room)) {
          wrong.add(source.path() + " uses " + room + "/" + use.group(2));
        }
      }
    }
    assertEquals(List.of(), wrong);
  }

  @Test
  void librariesStayInTheirRooms() throws IOException {
    List<String> wrong = new ArrayList<>();
    for (Source source : sources()) {
      Matcher use = LIBRARY.matcher(source.text);
      while (use.find()) {
        for (Map.Entry<String, String> library : LIBRARIES.entrySet()) {
          if (use.group(1).startsWith(library.getKey())
              && !List.of(library.getValue().split(" ")).contains(source.room)) {
            wrong.add(source.path() + " uses " + use.group(1));
          }
        }
      }
    }
    assertEquals(List.of(), wrong);
  }

  @Test
  void noFilesFormACircle() throws IOException {
    Map<String, Set<String>> uses = uses();
    Map<String, Set<String>> reach = new TreeMap<>();
    uses.keySet().forEach(file -> reach.put(file, reached(file, uses)));
    Set<String> circles = new TreeSet<>();
    reach.forEach(
        (file, reached) -> {
          if (reached.contains(file)) {
            circles.add(
                reached.stream()
                    .filter(other -> reach.get(other).contains(file))
                    .sorted()
                    .collect(Collectors.joining(" ")));
          }
        });
    assertEquals(new TreeSet<>(CIRCLES.keySet()), circles);
  }

  /** Returns for each room the rooms that it may use, and those that these may use. */
  private static Map<String, Set<String>> mayUse() {
    Map<String, Set<String>> rooms = new LinkedHashMap<>();
    for (String line : HOUSE.lines().toList()) {
      String[] parts = line.split(":");
      Set<String> lower = new TreeSet<>(Set.of("console"));
      if (parts.length > 1) {
        for (String room : parts[1].trim().split(" ")) {
          assertTrue(rooms.containsKey(room), line + ": " + room + " is not below");
          lower.add(room);
          lower.addAll(rooms.get(room));
        }
      }
      rooms.put(parts[0], lower);
    }
    return rooms;
  }

  /** Returns for each file the files that it uses, by import or, in its room, by name. */
  private static Map<String, Set<String>> uses() throws IOException {
    List<Source> sources = sources();
    Set<String> paths = sources.stream().map(Source::path).collect(Collectors.toSet());
    Map<String, List<Source>> rooms = sources.stream().collect(Collectors.groupingBy(Source::room));
    Map<String, Set<String>> uses = new TreeMap<>();
    for (Source source : sources) {
      Set<String> used = new TreeSet<>();
      Matcher other = OTHER_ROOM.matcher(source.text);
      while (other.find()) {
        used.add(lastName(other.group(1)) + "/" + other.group(2));
      }
      Set<String> words =
          NAME.matcher(source.code()).results().map(MatchResult::group).collect(Collectors.toSet());
      for (Source neighbour : rooms.get(source.room)) {
        if (neighbour != source && words.contains(neighbour.name)) {
          used.add(neighbour.path());
        }
      }
      used.retainAll(paths);
      used.remove(source.path());
      uses.put(source.path(), used);
    }
    return uses;
  }

  private static Set<String> reached(String from, Map<String, Set<String>> uses) {
    Set<String> reached = new TreeSet<>();
    Deque<String> next = new ArrayDeque<>(uses.get(from));
    while (!next.isEmpty()) {
      String file = next.pop();
      if (reached.add(file)) {
        next.addAll(uses.get(file));
      }
    }
    return reached;
  }

  private static String lastName(String packageName) {
    return packageName.substring(packageName.lastIndexOf('.') + 1);
  }

  private static List<Source> sources() throws IOException {
    List<Source> sources = new ArrayList<>();
    for (Path root : List.of(ROOT, Path.of("src/main/java22/nixbuildshell"))) {
      try (Stream<Path> files = Files.walk(root)) {
        for (Path file : files.filter(f -> f.toString().endsWith(".java")).sorted().toList()) {
          String name = file.getFileName().toString().replace(".java", "");
          String room =
              file.getParent().equals(root) ? "" : file.getParent().getFileName().toString();
          if (!name.equals("package-info")) {
            sources.add(new Source(room, name, Files.readString(file)));
          }
        }
      }
    }
    assertTrue(
        sources.size() > 100,
        "found only " + sources.size() + " files: run from the project's directory");
    return sources;
  }
}
