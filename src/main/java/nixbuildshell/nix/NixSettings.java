package nixbuildshell.nix;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import nixbuildshell.ByteString;

/**
 * Holds Nix's settings, {@code nix.conf(5)}: lines {@code name = value} with comments behind {@code
 * #}, of which the last of a name counts.
 *
 * @param values the settings by their names
 */
public record NixSettings(Map<String, ByteString> values) {
  /** Ends files that include each other in a circle. */
  private static final int DEEPEST = 10;

  private static final Pattern INCLUDE = Pattern.compile("\\s*!?include\\s+([^\\s#]+)\\s*(#.*)?");
  private static final Pattern EQUALS = Pattern.compile("\\s*=\\s*");

  public NixSettings {
    values = Map.copyOf(values);
  }

  /**
   * Reads a {@code nix.conf} and the files that it includes. {@code include FILE} and {@code
   * !include FILE}, for a file that may be missing, are relative to the including file's directory.
   *
   * @return no settings when the file cannot be read: Nix itself takes its defaults
   */
  static NixSettings read(Path file) {
    return parse(new ByteString(text(file, 0)));
  }

  /** Reads settings from text, in which {@code include} means nothing. */
  static NixSettings parse(ByteString text) {
    Map<String, ByteString> values = new HashMap<>();
    for (String line : text.latin1().lines().toList()) {
      String[] setting = EQUALS.split(line.split("#", 2)[0].strip(), 2);
      if (setting.length == 2) {
        values.put(setting[0], new ByteString(setting[1]));
      }
    }
    return new NixSettings(values);
  }

  /** Returns these settings with those of the environment variable {@code NIX_CONFIG} over them. */
  NixSettings plus(Optional<ByteString> more) {
    Map<String, ByteString> all = new HashMap<>(values);
    more.ifPresent(text -> all.putAll(parse(text).values));
    return new NixSettings(all);
  }

  /** Returns the words of settings that are lists, all of them together. */
  public List<ByteString> words(String... names) {
    return Stream.of(names)
        .flatMap(name -> get(name).stream())
        .flatMap(value -> value.words().stream())
        .toList();
  }

  /** Returns the value of a setting; empty when it is not set. */
  public Optional<ByteString> get(String name) {
    return Optional.ofNullable(values.get(name));
  }

  /** Decides whether a setting is on; a value that is no yes or no to Nix counts as not set. */
  public boolean isOn(String name, boolean byDefault) {
    return switch (get(name).map(ByteString::latin1).orElse("")) {
      case "true", "yes", "1" -> true;
      case "false", "no", "0" -> false;
      default -> byDefault;
    };
  }

  private static String text(Path file, int depth) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1)
          .lines()
          .map(line -> expanded(line, file, depth))
          .collect(Collectors.joining("\n"));
    } catch (IOException e) {
      return "";
    }
  }

  private static String expanded(String line, Path file, int depth) {
    Matcher include = INCLUDE.matcher(line);
    if (!include.matches() || depth == DEEPEST) {
      return line;
    }
    try {
      String name = new ByteString(include.group(1)).toString();
      return text(file.resolveSibling(name), depth + 1);
    } catch (InvalidPathException e) {
      return "";
    }
  }
}
