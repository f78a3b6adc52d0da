package nixbuildshell.listing;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.console.ShellWord;
import nixbuildshell.files.TreeSize;

/**
 * Prints rows as a table.
 *
 * @param sized whether the rows have sizes
 */
record ListText(PrintStream out, Instant now, boolean sized) {
  private static final String UNKNOWN = "-";
  private static final int LONGEST_CELL = 60;

  void kept(List<KeptRow> rows) {
    Table table =
        sized
            ? new Table(1, "AGE", "NAME", "PHASE", "ENDED", "SIZE", "OWNER", "REMOVED")
            : new Table(1, "AGE", "NAME", "PHASE", "ENDED", "OWNER", "REMOVED");
    for (KeptRow row : rows) {
      List<String> cells = new ArrayList<>();
      cells.add(span(Duration.between(row.changed(), now)));
      cells.add(row.name().map(name -> ByteString.of(name).abridged(LONGEST_CELL)).orElse(UNKNOWN));
      cells.add(row.phase().map(phase -> phase.abridged(20)).orElse(UNKNOWN));
      cells.add(row.exitCode().map(code -> "exit " + code).or(row::outcome).orElse(UNKNOWN));
      row.size().map(ListText::size).ifPresent(cells::add);
      cells.add(ByteString.of(row.owner()).abridged(12));
      cells.add(removed(row));
      table.add(where(row), cells);
    }
    table.print(out);
  }

  private static String where(KeptRow row) {
    return ShellWord.quote(row.directory().path())
        + row.id().map(id -> "  (" + id + ")").orElse("")
        + (row.directory().readable() ? "" : "  (not readable for you)");
  }

  private String removed(KeptRow row) {
    Optional<Duration> left = row.removedAt().map(at -> Duration.between(now, at));
    return left.map(time -> time.isNegative() ? "due" : "in " + span(time))
        .orElse(row.removal().filter(rule -> rule.atBoot()).map(any -> "at boot").orElse(UNKNOWN));
  }

  void sessions(List<SessionRow> rows) {
    Table table =
        sized
            ? new Table(1, "AGE", "SESSION", "STATE", "SIZE")
            : new Table(1, "AGE", "SESSION", "STATE");
    for (SessionRow row : rows) {
      List<String> cells = new ArrayList<>();
      cells.add(span(Duration.between(row.made(), now)));
      cells.add(row.session().id().abridged(LONGEST_CELL + 20));
      cells.add(row.state());
      row.size().map(ListText::size).ifPresent(cells::add);
      table.add(
          row.origin().map(origin -> "of " + ShellWord.quote(origin)).orElse("of an unknown build"),
          cells);
    }
    table.print(out);
  }

  /** Returns a length of time by its largest unit, as ps(1) and docker show it. */
  static String span(Duration time) {
    long seconds = Math.max(0, time.toSeconds());
    if (seconds < 60) {
      return seconds + "s";
    } else if (seconds < 3600) {
      return seconds / 60 + "m";
    } else if (seconds < 48 * 3600) {
      return seconds / 3600 + "h";
    }
    return seconds / 86400 + "d";
  }

  /** Returns a size in powers of 1024; with ≥ where not all of a tree could be measured. */
  static String size(TreeSize size) {
    String[] units = {"B", "K", "M", "G", "T"};
    double value = size.bytes();
    int unit = 0;
    while (value >= 1024 && unit < units.length - 1) {
      value /= 1024;
      unit++;
    }
    String number =
        value < 10 && unit > 0 ? String.format("%.1f", value) : String.format("%.0f", value);
    return (size.complete() ? "" : "≥") + number + units[unit];
  }

  /** Returns words with commas between them. */
  static String joined(List<String> words) {
    return words.stream()
        .map(word -> ByteString.of(word).abridged(LONGEST_CELL))
        .collect(Collectors.joining(", "));
  }
}
