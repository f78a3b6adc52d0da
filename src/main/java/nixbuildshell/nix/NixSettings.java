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
 * #}, of which the last of a name counts. A line {@code extra-name = value} adds to a list: as
 * Nix's own code does, it counts until a line sets the list anew.
 *
 * @param values the settings by their names, with what {@code extra-} adds under its own name
 */
public record NixSettings(Map<String, ByteString> values) {
  static final NixSettings NONE = new NixSettings(Map.of());

  /** Ends files that include each other in a circle. */
  private static final int DEEPEST = 10;

  private static final Pattern INCLUDE = Pattern.compile("\\s*!?include\\s+([^\\s#]+)\\s*(#.*)?");

  private static final String EXTRA = "extra-";

  /** The setting's older names (local-store settings in globals.hh). */
  private static final Map<String, String> OLD_NAMES =
      Map.of("build-chroot-dirs", "sandbox-paths", "build-sandbox-paths", "sandbox-paths");

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
    return NONE.plus(file);
  }

  /** Reads settings from text, in which {@code include} means nothing. */
  static NixSettings parse(ByteString text) {
    return NONE.plus(Optional.of(text));
  }

  /** Returns these settings with those of a file over them, as {@link #read} reads it. */
  NixSettings plus(Path file) {
    return plus(Optional.of(new ByteString(text(file, 0))));
  }

  /** Returns these settings with those of the environment variable {@code NIX_CONFIG} over them. */
  NixSettings plus(Optional<ByteString> more) {
    Map<String, ByteString> all = new HashMap<>(values);
    for (String line : more.orElse(ByteString.EMPTY).latin1().lines().toList()) {
      int comment = line.indexOf('#');
      String setting = (comment < 0 ? line : line.substring(0, comment)).strip();
      int equals = setting.indexOf('=');
      if (equals >= 0) {
        String value = setting.substring(equals + 1).stripLeading();
        set(all, setting.substring(0, equals).stripTrailing(), new ByteString(value));
      }
    }
    return new NixSettings(all);
  }

  /** Returns these settings with another one, which none of them sets. */
  NixSettings with(String name, ByteString value) {
    Map<String, ByteString> all = new HashMap<>(values);
    all.put(name, value);
    return new NixSettings(all);
  }

  private static void set(Map<String, ByteString> all, String given, ByteString value) {
    boolean extra = given.startsWith(EXTRA);
    String bare = extra ? given.substring(EXTRA.length()) : given;
    String name = OLD_NAMES.getOrDefault(bare, bare);
    if (extra) {
      all.merge(EXTRA + name, value, (before, more) -> before.plus(" ").plus(more));
    } else {
      all.put(name, value);
      all.remove(EXTRA + name);
    }
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
    if (!line.contains("include")) {
      return line; // Nearly all are so, and a pattern takes longer.
    }
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
