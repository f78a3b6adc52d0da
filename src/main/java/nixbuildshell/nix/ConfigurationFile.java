package nixbuildshell.nix;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;

/**
 * A {@code nix.conf} with the files that it includes in place of the lines that say so: {@code
 * include FILE}, and {@code !include FILE} for one that may be missing; relative to the directory
 * of the file with the line.
 */
final class ConfigurationFile {
  /** Files that include each other in a circle end here. */
  private static final int DEEPEST = 10;

  private static final Pattern INCLUDE = Pattern.compile("\\s*!?include\\s+([^\\s#]+)\\s*(#.*)?");

  private ConfigurationFile() {}

  /**
   * Its lines, a byte a char; none of a file that cannot be read: Nix itself takes its defaults.
   */
  static String text(Path file) {
    return text(file, 0);
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
