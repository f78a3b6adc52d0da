package nixbuildshell.attach;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Holds what the setup hook says of its pause ({@code hooks/pause.sh}).
 *
 * @param end when it ends, in seconds since 1970
 * @param interval the seconds between two lines in the log
 * @param id the hook's ID
 * @param phase the phase that failed; "-" when there is none
 */
public record Pause(long end, long interval, String id, String phase) {
  static final int LARGEST = 200;

  private static final Pattern FORM =
      Pattern.compile(
          "([0-9]{1,12}) ([1-9][0-9]{0,5}) ([A-Za-z0-9+._-]{1,80}) ([A-Za-z0-9_-]{1,80})\n?");

  /** Reads the file; empty when it has another form. */
  static Optional<Pause> parse(String text) {
    Matcher matcher = FORM.matcher(text);
    return matcher.matches()
        ? Optional.of(
            new Pause(
                Long.parseLong(matcher.group(1)),
                Long.parseLong(matcher.group(2)),
                matcher.group(3),
                matcher.group(4)))
        : Optional.empty();
  }

  /** Returns the seconds that are left, at most a week. */
  public long left(long now) {
    return Math.max(0, Math.min(end - now, 7 * 24 * 3600));
  }

  /** Returns the text of the file. */
  @Override
  public String toString() {
    return end + " " + interval + " " + id + " " + phase;
  }
}
