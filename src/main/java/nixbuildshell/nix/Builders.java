package nixbuildshell.nix;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import nixbuildshell.ByteString;

/**
 * Holds the other machines to which Nix may give builds: its setting {@code builders}, by default
 * the file {@code machines} beside {@code nix.conf} (machines.cc).
 */
public record Builders(List<Machine> machines) {
  private static final int DEEPEST = 10;

  /**
   * Describes a machine.
   *
   * @param uri with a scheme: {@code ssh://alice@host}
   * @param systems those it builds for; empty stands for this host's
   * @param features those it has
   * @param mandatory those without which it takes no build; it has them as well
   */
  record Machine(String uri, Set<String> systems, Set<String> features, Set<String> mandatory) {}

  /** Reads the setting as the caller's own Nix does. */
  public static Builders of(Caller caller) {
    Path etc = caller.etc().resolve("nix");
    String setting =
        caller.settings().get("builders").map(ByteString::latin1).orElse("@" + etc + "/machines");
    return new Builders(lines(setting, 0).flatMap(Builders::machine).toList());
  }

  /** Returns the URIs of those that can build a derivation with these needs. */
  public List<String> forBuild(String system, Set<String> features) {
    return machines.stream()
        .filter(each -> each.systems.isEmpty() || each.systems.contains(system))
        .filter(each -> features.containsAll(each.mandatory))
        .filter(
            each ->
                features.stream()
                    .allMatch(it -> each.features.contains(it) || each.mandatory.contains(it)))
        .map(Machine::uri)
        .distinct()
        .toList();
  }

  private static Stream<String> lines(String text, int depth) {
    return Stream.of(text.split("[;\n]"))
        .map(line -> line.split("#", 2)[0].strip())
        .flatMap(
            line ->
                line.startsWith("@") && depth < DEEPEST
                    ? lines(text(line.substring(1).strip()), depth + 1)
                    : Stream.of(line));
  }

  private static String text(String file) {
    try {
      return Files.readString(
          Path.of(new ByteString(file).toString()), StandardCharsets.ISO_8859_1);
    } catch (IOException | InvalidPathException e) {
      return ""; // Nix passes over a file that is not there.
    }
  }

  private static Stream<Machine> machine(String line) {
    String[] words = line.split("\\s+");
    if (line.isEmpty() || line.startsWith("@")) {
      return Stream.empty();
    }
    String uri = words[0].contains("://") ? words[0] : "ssh://" + words[0];
    return Stream.of(new Machine(uri, set(words, 1), set(words, 5), set(words, 6)));
  }

  /** Returns the words between commas; a dash stands for none. */
  private static Set<String> set(String[] words, int index) {
    return words.length <= index || words[index].equals("-")
        ? Set.of()
        : Set.copyOf(List.of(words[index].split(",")));
  }
}
