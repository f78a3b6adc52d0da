package nixbuildshell.shell;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import nixbuildshell.ByteString;
import nixbuildshell.store.Json;

/**
 * Holds what {@code run.bash} says of a run of a phase. The build could have written it, so each
 * part may be anything.
 *
 * @param phase the phase that ran, or that failed
 * @param command the command that failed
 * @param file the script that has it
 * @param directory the working directory at the end
 * @param skipped why stdenv skips the phase
 * @param movedAside the paths of outputs that were there before, and were moved aside
 */
public record PhaseResult(
    Optional<ByteString> phase,
    Optional<ByteString> command,
    Optional<ByteString> file,
    Optional<Integer> line,
    Optional<ByteString> directory,
    Optional<ByteString> skipped,
    List<ByteString> movedAside) {
  private static final int MOST_LINES = 1000;

  public PhaseResult {
    movedAside = List.copyOf(movedAside);
  }

  /** Reads lines KEY=VALUE, with values as {@code printf %q} of bash writes them. */
  static PhaseResult parse(ByteString text) {
    Map<String, List<ByteString>> values = new HashMap<>();
    text.latin1()
        .lines()
        .limit(MOST_LINES)
        .filter(line -> line.indexOf('=') > 0)
        .forEach(
            line -> {
              int equals = line.indexOf('=');
              values
                  .computeIfAbsent(line.substring(0, equals), key -> new ArrayList<>())
                  .addAll(words(line.substring(equals + 1)));
            });
    return new PhaseResult(
        first(values, "phase"),
        first(values, "command"),
        first(values, "file"),
        first(values, "line")
            .map(ByteString::latin1)
            .filter(number -> number.matches("[0-9]{1,9}"))
            .map(Integer::valueOf),
        first(values, "directory"),
        first(values, "skipped"),
        values.getOrDefault("output", List.of()).stream().filter(each -> !each.isEmpty()).toList());
  }

  /**
   * Returns the report of {@code retry --json}, which docs/retry.schema.json describes.
   *
   * @param status of the phase
   * @param log the last lines of its output
   */
  public ByteString json(int status, List<ByteString> log) {
    SortedMap<ByteString, Json> fields = new TreeMap<>();
    fields.put(ByteString.of("phase"), text(phase));
    fields.put(ByteString.of("status"), new Json.Number(Integer.toString(status)));
    fields.put(ByteString.of("command"), text(command));
    fields.put(ByteString.of("file"), text(file));
    fields.put(
        ByteString.of("line"),
        line.<Json>map(number -> new Json.Number(number.toString())).orElse(new Json.Nothing()));
    fields.put(ByteString.of("directory"), text(directory));
    fields.put(ByteString.of("skipped"), text(skipped));
    fields.put(ByteString.of("movedAside"), texts(movedAside));
    fields.put(ByteString.of("log"), texts(log));
    return new ByteString(new Json.Fields(fields).dump() + "\n");
  }

  private static Json texts(List<ByteString> all) {
    return new Json.Items(all.stream().map(each -> text(Optional.of(each))).toList());
  }

  /** Returns a string in UTF-8, whatever bytes the build has used. */
  private static Json text(Optional<ByteString> value) {
    return value
        .<Json>map(
            bytes ->
                new Json.Text(ByteString.of(new String(bytes.bytes(), StandardCharsets.UTF_8))))
        .orElse(new Json.Nothing());
  }

  private static Optional<ByteString> first(Map<String, List<ByteString>> values, String key) {
    return values.getOrDefault(key, List.of()).stream()
        .findFirst()
        .filter(value -> !value.isEmpty());
  }

  /**
   * Returns the words of a line: characters behind a backslash, {@code ''} and {@code $'…'}; other
   * quoting stands for itself.
   */
  static List<ByteString> words(String quoted) {
    List<ByteString> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    boolean begun = false;
    int at = 0;
    while (at < quoted.length()) {
      char c = quoted.charAt(at++);
      if (c == ' ') {
        if (begun) {
          words.add(new ByteString(word.toString()));
        }
        word.setLength(0);
        begun = false;
        continue;
      }
      begun = true;
      if (c == '\\' && at < quoted.length()) {
        word.append(quoted.charAt(at++));
      } else if (c == '\'') {
        int end = end(quoted, at, false);
        word.append(quoted, at, end);
        at = end + 1;
      } else if (c == '$' && at < quoted.length() && quoted.charAt(at) == '\'') {
        int end = end(quoted, at + 1, true);
        word.append(unescaped(quoted.substring(at + 1, end)));
        at = end + 1;
      } else {
        word.append(c);
      }
    }
    if (begun) {
      words.add(new ByteString(word.toString()));
    }
    return words;
  }

  /** Returns the index of the quote that ends a part. */
  private static int end(String text, int from, boolean escapes) {
    int at = from;
    while (at < text.length() && text.charAt(at) != '\'') {
      at += escapes && text.charAt(at) == '\\' ? 2 : 1;
    }
    return Math.min(at, text.length());
  }

  /** Replaces the escapes that bash writes ({@code ansic_quote} in lib/sh/strtrans.c). */
  private static String unescaped(String text) {
    StringBuilder plain = new StringBuilder();
    int at = 0;
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c != '\\' || at == text.length()) {
        plain.append(c);
        continue;
      }
      int octal = at;
      while (octal < text.length()
          && octal < at + 3
          && text.charAt(octal) >= '0'
          && text.charAt(octal) <= '7') {
        octal++;
      }
      if (octal > at) {
        plain.append((char) (Integer.parseInt(text.substring(at, octal), 8) & 0xff));
        at = octal;
      } else {
        int known = "abeEfnrtv".indexOf(text.charAt(at));
        plain.append(
            known < 0 ? text.charAt(at) : "\u0007\b\u001b\u001b\f\n\r\t\u000b".charAt(known));
        at++;
      }
    }
    return plain.toString();
  }
}
