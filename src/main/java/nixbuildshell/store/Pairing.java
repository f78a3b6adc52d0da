package nixbuildshell.store;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * Tells which build log belongs to a kept directory, by pairing all directories and logs of the
 * time in question one to one, so that the gaps between their times are smallest in sum.
 *
 * <p>Nix makes a build's directory, then opens its log; when the build fails, it closes the log and
 * then changes the directory's mode. Measured with Nix 2.34 on an overloaded machine (312 builds of
 * four clients): the log's birth follows the directory's by 2 to 132 ms, its end precedes the
 * directory's ctime by 8 to 224 ms. One worker of the daemon opens a log before it makes its next
 * directory. The sum is a test of causality: among possible pairings it hardly differs, and an
 * impossible order costs much.
 */
public final class Pairing {
  /**
   * Holds the times of a build log.
   *
   * @param birth empty where the file system knows none
   * @param end its last change
   */
  public record Log(StorePath derivation, Optional<Instant> birth, Instant end) {}

  /** Says what the times tell of a directory. */
  public sealed interface Verdict {}

  /** Says that no log can belong to the directory. */
  public record Unknown() implements Verdict {}

  /**
   * Says that this log belongs to the directory.
   *
   * @param overwritten whether the log is that of a later build of the same derivation
   * @param margin by how much every other pairing is worse
   */
  public record Certain(Log log, boolean overwritten, Duration margin) implements Verdict {}

  /**
   * Says that several logs may belong to the directory, or a log that does not quite fit.
   *
   * @param candidates the newest end first
   */
  public record Open(List<Log> candidates) implements Verdict {}

  /**
   * Holds a log as a directory may claim it. Nix writes the log of a rebuild into the same file, so
   * its birth can belong to one directory and its end to another.
   *
   * @param overwritten whether the birth alone is claimed
   */
  private record Claim(Log log, boolean overwritten) {}

  /** Every wrong pair of the measurement had a smaller margin; so had some right pairs. */
  private static final Duration SURE = Duration.ofMillis(50);

  /** A gap that an overloaded machine still reaches. */
  private static final Duration USUAL = Duration.ofMillis(250);

  /**
   * How long a log may end after its directory's ctime: Nix kills siblings in no order, and has
   * closed a log 1.1 s later on a busy machine.
   */
  private static final Duration KILLED = Duration.ofSeconds(2);

  /**
   * Limits the end: a log that ends later after the directory's ctime is never certain. One whose
   * end is farther from it is impossible where no birth speaks.
   */
  private static final Duration NEAR = Duration.ofSeconds(1);

  /** How long Nix may take from the directory to the log. */
  private static final Duration START = Duration.ofSeconds(2);

  /** Hashing an output that is then refused takes any time: a longer gap is no worse. */
  private static final Duration LONGEST_END = Duration.ofSeconds(1);

  /** What a claim costs to which only the end speaks. */
  private static final Duration END_ALONE = Duration.ofMillis(250);

  /** More than a usual start and the longest end: the directory's own log is better. */
  private static final Duration BIRTH_ALONE = Duration.ofMillis(1500);

  /** More than all of these: the last build of the derivation left no directory. */
  private static final Duration SUCCEEDED = Duration.ofSeconds(4);

  private static final Duration UNPAIRED = Duration.ofSeconds(10);

  /** More directories of one time are left out of account; the nearest ones count. */
  private static final int MOST = 300;

  private static final long IMPOSSIBLE = Long.MAX_VALUE / 4;
  private static final long POSSIBLE = IMPOSSIBLE - 1;

  private final List<KeptTimes> directories;
  private final List<Claim> claims;
  private final Predicate<StorePath> succeeded;

  private Pairing(List<KeptTimes> directories, List<Claim> claims, Predicate<StorePath> succeeded) {
    this.directories = directories;
    this.claims = claims;
    this.succeeded = succeeded;
  }

  /**
   * Returns what the times say of one directory.
   *
   * @param others all other kept directories of the host that the caller can see
   * @param logs all logs that may belong to any of them
   * @param succeeded whether the last build of a derivation looks successful, so that the directory
   *     is not that build's
   */
  public static Verdict of(
      KeptTimes directory, List<KeptTimes> others, List<Log> logs, Predicate<StorePath> succeeded) {
    List<KeptTimes> nearest = new ArrayList<>(others);
    nearest.sort(Comparator.comparing(other -> gap(directory.changed(), other.changed()).abs()));
    List<KeptTimes> known = new ArrayList<>(List.of(directory));
    known.addAll(nearest.subList(0, Math.min(MOST, nearest.size())));
    Pairing pairing = new Pairing(known, claims(known, logs), succeeded).connected(0);
    return pairing.verdict(0, Assignment.sumsWith(pairing.costs(), 0, POSSIBLE));
  }

  /**
   * Returns what the times say of each directory, in one pairing of all.
   *
   * @param directories all kept directories of the host that the caller can see
   * @param logs all logs that may belong to any of them
   * @param succeeded as for {@link #of}; asked about each derivation once
   */
  public static List<Verdict> ofAll(
      List<KeptTimes> directories, List<Log> logs, Predicate<StorePath> succeeded) {
    Map<StorePath, Boolean> known = new HashMap<>();
    Pairing all =
        new Pairing(
            directories,
            claims(directories, logs),
            derivation -> known.computeIfAbsent(derivation, succeeded::test));
    Map<KeptTimes, Verdict> verdicts = new HashMap<>();
    for (int row = 0; row < directories.size(); row++) {
      if (!verdicts.containsKey(directories.get(row))) {
        Pairing pairing = all.connected(row);
        long[][] sums = Assignment.sumsWithEach(pairing.costs(), POSSIBLE);
        for (int each = 0; each < pairing.directories.size(); each++) {
          verdicts.put(pairing.directories.get(each), pairing.verdict(each, sums[each]));
        }
      }
    }
    return directories.stream().map(verdicts::get).toList();
  }

  /** A log with a directory that both its times fit is not overwritten. */
  private static List<Claim> claims(List<KeptTimes> directories, List<Log> logs) {
    List<Claim> claims = new ArrayList<>();
    for (Log log : logs) {
      claims.add(new Claim(log, false));
      if (log.birth().isPresent() && directories.stream().noneMatch(kept -> fits(kept, log))) {
        claims.add(new Claim(log, true));
      }
    }
    return claims;
  }

  private static boolean fits(KeptTimes kept, Log log) {
    return kept.birth().isPresent()
        && within(gap(kept.birth().get(), log.birth().orElseThrow()), Duration.ZERO, USUAL)
        && within(gap(log.end(), kept.changed()), USUAL.negated(), LONGEST_END);
  }

  /** Returns a directory, which comes first, and all that possible pairs connect with it. */
  private Pairing connected(int first) {
    Set<Integer> rows = new LinkedHashSet<>(Set.of(first));
    Set<Integer> columns = new LinkedHashSet<>();
    Deque<Integer> next = new ArrayDeque<>(rows);
    while (!next.isEmpty()) {
      int row = next.pop();
      for (int column = 0; column < claims.size(); column++) {
        if (gaps(row, column) < IMPOSSIBLE && columns.add(column)) {
          for (int other = 0; other < directories.size(); other++) {
            if (gaps(other, column) < IMPOSSIBLE && rows.add(other)) {
              next.add(other);
            }
          }
        }
      }
    }
    return new Pairing(
        rows.stream().map(directories::get).toList(),
        columns.stream().map(claims::get).toList(),
        succeeded);
  }

  private Verdict verdict(int row, long[] sums) {
    if (claims.isEmpty()) {
      return new Unknown();
    }
    KeptTimes kept = directories.get(row);
    // The columns after the claims, for none, are all alike.
    long[] totals = Arrays.copyOf(sums, claims.size() + 1);
    Arrays.setAll(totals, claim -> Math.min(totals[claim], IMPOSSIBLE));
    int best = 0;
    for (int claim = 1; claim < claims.size(); claim++) {
      best = totals[claim] < totals[best] ? claim : best;
    }
    Claim claim = claims.get(best);
    long margin = IMPOSSIBLE;
    for (int other = 0; other < totals.length; other++) {
      if (other == claims.size() || !claims.get(other).log().equals(claim.log())) {
        margin = Math.min(margin, totals[other] - totals[best]);
      }
    }
    Duration sure = kept.birth().isPresent() ? SURE : NEAR;
    if (totals[claims.size()] < totals[best]) {
      return new Unknown(); // What fits it fits another directory better.
    } else if (margin >= sure.toNanos() && isUsual(kept, claim)) {
      return new Certain(claim.log(), claim.overwritten(), Duration.ofNanos(margin));
    }
    long limit = totals[best] + sure.toNanos();
    return new Open(
        IntStream.range(0, claims.size())
            .filter(each -> totals[each] < limit)
            .mapToObj(each -> claims.get(each).log())
            .distinct()
            .sorted(Comparator.comparing(Log::end).reversed())
            .toList());
  }

  /** Decides whether a pair is one that Nix leaves, even where nothing else could be paired. */
  private boolean isUsual(KeptTimes kept, Claim claim) {
    Duration end = gap(claim.log().end(), kept.changed());
    if (!claim.overwritten() && succeeded.test(claim.log().derivation())) {
      return false;
    } else if (kept.birth().isEmpty()) {
      return within(end, NEAR.negated(), NEAR);
    } else if (!isBornInBuild(kept, claim.log())) {
      return within(end, USUAL.negated(), USUAL);
    }
    boolean endsInTime = claim.overwritten() || end.compareTo(NEAR.negated()) >= 0;
    return endsInTime && start(kept, claim.log()) <= USUAL.toNanos();
  }

  private static boolean isBornInBuild(KeptTimes kept, Log log) {
    return kept.birth().isPresent()
        && log.birth().isPresent()
        && !log.birth().get().isBefore(kept.birth().get());
  }

  /**
   * Decides whether the log may be that of the directory's build, which a later build of the same
   * derivation has overwritten: it was born before the directory's end, and ends after it. A log
   * that fits another directory is that one's.
   */
  static boolean isOverwritten(KeptTimes kept, List<KeptTimes> others, Log log) {
    return isNamedLike(kept, log)
        && log.birth()
            .map(born -> !born.isAfter(kept.changed()))
            .orElse(kept.derivation().isPresent())
        && gap(kept.changed(), log.end()).compareTo(after(kept, log)) > 0
        && (log.birth().isEmpty() || others.stream().noneMatch(other -> fits(other, log)));
  }

  /** Returns how long the log may end after the directory's ctime. */
  private static Duration after(KeptTimes kept, Log log) {
    return isBornInBuild(kept, log) ? KILLED : NEAR;
  }

  private static boolean isNamedLike(KeptTimes kept, Log log) {
    return kept.derivation()
        .map(name -> log.derivation().name().equals(name + ".drv"))
        .orElse(true);
  }

  /** Decides whether Nix opened the log right after it made the directory. */
  static boolean areOfOneStart(KeptTimes kept, Log log) {
    return isBornInBuild(kept, log) && start(kept, log) <= START.toNanos();
  }

  /** Returns a row of costs for each directory: a column for each claim and each row's own. */
  private long[][] costs() {
    int rows = directories.size();
    long[][] costs = new long[rows][claims.size() + rows];
    for (int column = 0; column < costs[0].length; column++) {
      boolean claim = column < claims.size();
      boolean success = claim && succeeded.test(claims.get(column).log().derivation());
      long more = success ? SUCCEEDED.toNanos() : 0;
      for (int row = 0; row < rows; row++) {
        costs[row][column] =
            claim ? Math.min(gaps(row, column) + more, IMPOSSIBLE) : UNPAIRED.toNanos();
      }
    }
    return costs;
  }

  /** Returns what the gaps of a pair come to, in nanoseconds; or {@link #IMPOSSIBLE}. */
  private long gaps(int row, int column) {
    KeptTimes kept = directories.get(row);
    Claim claim = claims.get(column);
    Log log = claim.log();
    if (!isNamedLike(kept, log) || kept.birth().map(log.end()::isBefore).orElse(false)) {
      return IMPOSSIBLE;
    }
    Duration end = gap(log.end(), kept.changed());
    boolean misfit =
        claim.overwritten() ? !end.isNegative() : end.compareTo(after(kept, log).negated()) < 0;
    boolean born = isBornInBuild(kept, log);
    if (misfit || (born && !isInTime(kept, log))) {
      return IMPOSSIBLE;
    } else if (claim.overwritten()) {
      return born ? BIRTH_ALONE.toNanos() + start(kept, log) : IMPOSSIBLE;
    } else if (!born) {
      return end.compareTo(NEAR) > 0 ? IMPOSSIBLE : END_ALONE.toNanos() + end.abs().toNanos();
    }
    return start(kept, log) + Math.min(end.abs().toNanos(), LONGEST_END.toNanos());
  }

  private static long start(KeptTimes kept, Log log) {
    return gap(kept.birth().orElseThrow(), log.birth().orElseThrow()).toNanos();
  }

  /** Decides whether a log was born soon enough, and before its worker's next directory. */
  private boolean isInTime(KeptTimes kept, Log log) {
    Instant born = log.birth().orElseThrow();
    return gap(kept.birth().orElseThrow(), born).compareTo(START) <= 0
        && directories.stream()
            .filter(other -> kept.worker().isPresent() && other.worker().equals(kept.worker()))
            .flatMap(other -> other.birth().stream())
            .noneMatch(next -> next.isAfter(kept.birth().get()) && next.isBefore(born));
  }

  private static Duration gap(Instant from, Instant to) {
    return Duration.between(from, to);
  }

  private static boolean within(Duration gap, Duration least, Duration most) {
    return gap.compareTo(least) >= 0 && gap.compareTo(most) <= 0;
  }
}
