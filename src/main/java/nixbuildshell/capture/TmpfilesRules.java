package nixbuildshell.capture;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import nixbuildshell.ByteString;
import nixbuildshell.nix.Caller;

/**
 * Reads the rules by which systemd-tmpfiles removes what is old, or what is there at boot
 * (tmpfiles.d(5)). A file replaces those of its name in a later directory; the files are read in
 * the order of their names, and the first line for a path counts.
 */
public final class TmpfilesRules {
  private static final int LARGEST = 1 << 20;
  private static final Pattern FIELD =
      Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"|'([^']*)'|(\\S+)");

  /** The specifiers that name a place of kept directories, with their values for the system. */
  private static final Map<String, String> SPECIFIERS =
      Map.of("%T", "/tmp", "%V", "/var/tmp", "%t", "/run", "%S", "/var/lib", "%C", "/var/cache");

  /** An age: {@code cmA:} says which times count, {@code ~} spares the first level. */
  private static final Pattern AGE =
      Pattern.compile("(?:[abcmABCM]+:)?~?((?:[0-9]+(?:us|ms|s|m|min|h|d|w)?)+)");

  private static final Pattern AGE_PART = Pattern.compile("([0-9]+)([a-z]*)");

  /**
   * Says when a directory goes.
   *
   * @param age with which it goes; empty when none is too old
   * @param atBoot whether it goes when the host starts
   */
  public record Removal(Optional<Duration> age, boolean atBoot) {}

  /**
   * Holds a line.
   *
   * @param type its letter
   * @param path a glob where the type takes one
   * @param age as it stands in the line; empty when the line removes nothing by age
   * @param shown the file and the line
   */
  private record Rule(char type, String path, String age, String shown) {
    boolean ages() {
      return !age.isEmpty();
    }

    Optional<Duration> duration() {
      Matcher whole = AGE.matcher(age);
      if (!whole.matches()) {
        return Optional.empty();
      }
      return Optional.of(
          AGE_PART
              .matcher(whole.group(1))
              .results()
              .map(part -> unit(part.group(2)).multipliedBy(Long.parseLong(cut(part.group(1)))))
              .reduce(Duration.ZERO, Duration::plus));
    }

    private static String cut(String digits) {
      return digits.substring(0, Math.min(digits.length(), 9));
    }

    private static Duration unit(String name) {
      return switch (name) {
        case "us", "ms" -> Duration.ZERO;
        case "m", "min" -> Duration.ofMinutes(1);
        case "h" -> Duration.ofHours(1);
        case "d" -> Duration.ofDays(1);
        case "w" -> Duration.ofDays(7);
        default -> Duration.ofSeconds(1);
      };
    }

    boolean isGlob() {
      return "exXrR".indexOf(type) >= 0;
    }

    boolean matches(String what) {
      return isGlob() ? glob(path).matcher(what).matches() : path.equals(what);
    }

    /** Decides whether it is the path's own, or that of a directory above. */
    boolean covers(String what) {
      return depth(what) > 0;
    }

    /** Returns the length of the path that it matches, itself or a directory above; 0 for none. */
    int depth(String what) {
      for (int end = what.length(); end > 0; end = what.lastIndexOf('/', end - 1)) {
        if (matches(what.substring(0, end))) {
          return end;
        }
      }
      return 0;
    }
  }

  private final List<Rule> rules;

  /**
   * Reads the rules.
   *
   * @param directories those of the rules, the first one wins
   */
  TmpfilesRules(List<Path> directories) {
    this.rules = rules(directories);
  }

  /** Reads the rules of this host. */
  public static TmpfilesRules of(Caller caller) {
    return new TmpfilesRules(
        List.of(
            caller.etc().resolve("tmpfiles.d"),
            Path.of("/run/tmpfiles.d"),
            Path.of("/usr/local/lib/tmpfiles.d"),
            Path.of("/usr/lib/tmpfiles.d")));
  }

  /**
   * Returns the lines that may have removed a directory, each with its file: what empties a
   * directory above at boot, what removes the path, and the age of the nearest directory above that
   * has a line of its own, which exempts it from the lines of others.
   *
   * @param path absolute, with one byte in each char
   */
  List<String> thatRemove(String path) {
    return removing(path).stream().map(Rule::shown).toList();
  }

  /** Returns when the rules remove a directory; empty when none does. */
  public Optional<Removal> removal(ByteString path) {
    List<Rule> removing = removing(path.latin1());
    return removing.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Removal(
                removing.stream()
                    .flatMap(rule -> rule.duration().stream())
                    .min(Comparator.naturalOrder()),
                removing.stream().anyMatch(rule -> "rRD".indexOf(rule.type) >= 0)));
  }

  private List<Rule> removing(String path) {
    List<Rule> aging =
        rules.stream()
            .filter(rule -> "dDevqQCx".indexOf(rule.type) >= 0 && rule.covers(path))
            .toList();
    int nearest = aging.stream().mapToInt(rule -> rule.depth(path)).max().orElse(0);
    boolean spared =
        aging.stream().anyMatch(rule -> rule.type == 'x' && rule.depth(path) == nearest)
            || rules.stream().anyMatch(rule -> rule.type == 'X' && rule.matches(path));
    return rules.stream()
        .filter(
            rule ->
                rule.type == 'r' && rule.matches(path)
                    || "RD".indexOf(rule.type) >= 0 && rule.covers(path)
                    || !spared
                        && rule.ages()
                        && aging.contains(rule)
                        && rule.depth(path) == nearest)
        .toList();
  }

  private static List<Rule> rules(List<Path> directories) {
    Map<String, Path> files = new TreeMap<>();
    for (Path directory : directories) {
      try (DirectoryStream<Path> all = Files.newDirectoryStream(directory, "*.conf")) {
        all.forEach(file -> files.putIfAbsent(file.getFileName().toString(), file));
      } catch (IOException e) {
        // The directory is missing.
      }
    }
    List<Rule> rules = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (Path file : files.values()) {
      for (Rule rule : rules(file)) {
        if (rule.isGlob() || seen.add(rule.path)) {
          rules.add(rule);
        }
      }
    }
    return rules;
  }

  /** Reads a file; a link to /dev/null has no rules, and hides the file that it replaces. */
  private static List<Rule> rules(Path file) {
    List<Rule> rules = new ArrayList<>();
    try {
      if (Files.isRegularFile(file) && Files.size(file) <= LARGEST) {
        for (String line : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
          List<String> fields = fields(line.strip());
          if (fields.size() >= 2 && !line.strip().startsWith("#")) {
            String age = fields.size() >= 6 ? fields.get(5).replaceAll("^-$", "") : "";
            String shown = file + ": " + line.strip();
            rules.add(new Rule(fields.get(0).charAt(0), path(fields.get(1)), age, shown));
          }
        }
      }
    } catch (IOException e) {
      // An unreadable file tells nothing.
    }
    return rules;
  }

  private static List<String> fields(String line) {
    List<String> fields = new ArrayList<>();
    Matcher field = FIELD.matcher(line);
    while (field.find()) {
      for (int group = 1; group <= 3; group++) {
        if (field.group(group) != null && !field.group().isEmpty()) {
          fields.add(group == 1 ? field.group(1).replaceAll("\\\\(.)", "$1") : field.group(group));
        }
      }
    }
    return fields.stream().anyMatch(String::isEmpty) ? List.of() : fields;
  }

  private static String path(String text) {
    String path = text;
    for (Map.Entry<String, String> specifier : SPECIFIERS.entrySet()) {
      path = path.replace(specifier.getKey(), specifier.getValue());
    }
    return path.replaceAll("(?<=.)/+$", "");
  }

  /** Translates fnmatch(3) with FNM_PATHNAME. */
  private static Pattern glob(String text) {
    StringBuilder pattern = new StringBuilder();
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      int end = c == '[' ? text.indexOf(']', at + 2) : -1;
      if (c == '*') {
        pattern.append("[^/]*");
      } else if (c == '?') {
        pattern.append("[^/]");
      } else if (end > 0) {
        boolean not = text.charAt(at + 1) == '!';
        String set = text.substring(at + (not ? 2 : 1), end).replaceAll("[\\[\\\\&^]", "\\\\$0");
        pattern.append(not ? "[^" : "[").append(set).append(']');
        at = end;
      } else {
        pattern.append(Pattern.quote(String.valueOf(c)));
      }
    }
    try {
      return Pattern.compile(pattern.toString());
    } catch (PatternSyntaxException e) {
      return Pattern.compile(Pattern.quote(text)); // A set like [z-a] matches nothing else.
    }
  }
}
