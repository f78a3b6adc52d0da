package nixbuildshell.session;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import nixbuildshell.files.Status;

/**
 * Holds when {@code retry} and {@code resume} ran phases in a session: what was last changed
 * meanwhile is machine-made. {@code run.bash} notes it; a hostile build can note anything, and so
 * hide changes of the caller's, which are told as left out.
 *
 * @param intervals in any order
 */
public record PhaseTimes(List<Interval> intervals) {
  /** Where run.bash notes the times, in the session's build directory. */
  static final String FILE = ".nix-build-shell/intervals";

  private static final Pattern LINE =
      Pattern.compile("([0-9]{1,12})(?:[.,]([0-9]{1,9}))? ([0-9]{1,12})(?:[.,]([0-9]{1,9}))?");

  private static final int MOST = 10_000;

  /** The clock of files ticks every 4 ms or so, and thus may be behind that of bash. */
  private static final int TICK = 10_000_000;

  /** Describes the run of one or more phases, both ends included. */
  public record Interval(Status.Time start, Status.Time end) {}

  public PhaseTimes {
    intervals = List.copyOf(intervals);
  }

  /** Reads lines "START END" in seconds, with or without a fraction; others are passed over. */
  static PhaseTimes parse(ByteString text) {
    List<Interval> intervals = new ArrayList<>();
    text.latin1()
        .lines()
        .limit(MOST)
        .map(LINE::matcher)
        .filter(Matcher::matches)
        .forEach(
            line -> {
              Status.Time start = time(line.group(1), line.group(2), 0);
              // A bash without a finer clock ends within the second.
              intervals.add(
                  new Interval(earlier(start), time(line.group(3), line.group(4), 999_999_999)));
            });
    return new PhaseTimes(intervals);
  }

  private static Status.Time time(String seconds, String fraction, int without) {
    return new Status.Time(
        Long.parseLong(seconds),
        fraction == null ? without : Integer.parseInt((fraction + "00000000").substring(0, 9)));
  }

  private static Status.Time earlier(Status.Time time) {
    return time.nanoseconds() >= TICK
        ? new Status.Time(time.seconds(), time.nanoseconds() - TICK)
        : new Status.Time(time.seconds() - 1, time.nanoseconds() + 1_000_000_000 - TICK);
  }

  /** Decides whether phases ran at a time. */
  public boolean has(Status.Time time) {
    return intervals.stream()
        .anyMatch(it -> it.start.compareTo(time) <= 0 && time.compareTo(it.end) <= 0);
  }

  /**
   * Decides whether a phase was the last to change a file.
   *
   * @param staged when the session was complete: an earlier mtime was set by a program, and then
   *     the ctime tells the change
   */
  public boolean made(Status status, Status.Time staged) {
    return has(status.modified().compareTo(staged) >= 0 ? status.modified() : status.changed());
  }
}
