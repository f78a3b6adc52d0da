package nixbuildshell.listing;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import nixbuildshell.ByteString;

/**
 * Describes one of the newest kept directories in a line, for a choice.
 *
 * @param path of the directory that Nix named
 */
public record Newest(ByteString path, String line) {
  /** Returns the newest that the caller can enter, the newest first. */
  public static List<Newest> of(Survey survey, int most) {
    Instant now = Instant.now();
    return survey.all().kept().stream()
        .filter(row -> row.directory().readable())
        .limit(most)
        .map(row -> new Newest(row.directory().path(), line(row, now)))
        .toList();
  }

  private static String line(KeptRow row, Instant now) {
    String what =
        Stream.of(row.name(), row.phase().map(ByteString::toString), row.outcome())
            .flatMap(known -> known.stream())
            .collect(Collectors.joining(" "));
    return (what.isEmpty() ? row.directory().path().toString() : what)
        + ", "
        + ListText.span(Duration.between(row.changed(), now))
        + " ago";
  }
}
