package nixbuildshell.store;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import nixbuildshell.ByteString;

/**
 * Collects, in the order in which it happens, what Nix does with build logs and with the
 * directories of builds, and tells the {@link EndOrder} and the derivation of each. One thread may
 * use it.
 */
public final class EndOrders {
  /** More directories are left out of account: other users can make names without end. */
  private static final int MOST = 10_000;

  /**
   * Counts the events until a directory was made and until it was last changed.
   *
   * @param made 0 when that was before all events
   * @param seen when the change was told
   */
  private record Directory(int made, int changed, Instant seen) {}

  /** Counts the events until the log of a derivation was opened. */
  private record Opening(StorePath derivation, int at) {}

  private final Map<ByteString, Directory> directories = new HashMap<>();
  private final Map<StorePath, List<Integer>> closings = new HashMap<>();
  private final NavigableMap<Integer, StorePath> closed = new TreeMap<>();
  private final Map<ByteString, Opening> openings = new HashMap<>();
  private Optional<ByteString> waiting = Optional.empty();

  /** Whether each directory was followed by the opening of one log, and each opening led by one. */
  private boolean alternating = true;

  private int events;

  /** Notes that a directory was made. What an earlier one of its name was does not count. */
  public void made(ByteString directory) {
    events++;
    put(directory, new Directory(events, 0, Instant.MIN));
    alternating &= waiting.isEmpty();
    waiting = Optional.of(directory);
    openings.remove(directory);
  }

  /** Notes that the log of a derivation was opened, for reading or writing. */
  public void opened(StorePath derivation) {
    events++;
    alternating &= waiting.filter(directories::containsKey).isPresent();
    if (alternating) {
      openings.put(waiting.orElseThrow(), new Opening(derivation, events));
    }
    waiting = Optional.empty();
  }

  /** Notes that a directory was not Nix's, or that the opening of a log may have been missed. */
  public void missed() {
    alternating = false;
  }

  /**
   * Notes that a directory's mode or owner was changed.
   *
   * @param now the time
   */
  public void changed(ByteString directory, Instant now) {
    events++;
    Directory before = directories.get(directory);
    put(directory, new Directory(before == null ? 0 : before.made, events, now));
  }

  private void put(ByteString path, Directory directory) {
    if (directories.size() < MOST || directories.containsKey(path)) {
      directories.put(path, directory);
    }
  }

  /** Notes that the log of a derivation was closed. */
  public void closed(StorePath derivation) {
    events++;
    closed.put(events, derivation);
    closings.computeIfAbsent(derivation, drv -> new ArrayList<>()).add(events);
  }

  /** Forgets all: events were lost, and so may be those between any two. */
  public void forget() {
    directories.clear();
    closings.clear();
    closed.clear();
    missed();
  }

  /**
   * Returns the derivation whose log Nix opened right after it made the directory, and closed right
   * before or after it changed the directory at the end. A worker of Nix is one thread, with no
   * other build between the two. Another client's worker, a remote build (which has a log alone) or
   * a reader of logs can come between them; then some directory is followed by two openings or by
   * none, and nothing is told of any.
   *
   * @param changed as for {@link #of}
   * @return empty when that was not seen, or is not certain
   */
  public Optional<StorePath> derivation(ByteString directory, Instant changed) {
    Directory kept = directories.get(directory);
    return Optional.ofNullable(openings.get(directory))
        .filter(opening -> alternating && opening.at < kept.changed)
        .map(Opening::derivation)
        .filter(
            derivation -> isNextTo(kept.changed, of(directory, changed, derivation), derivation));
  }

  private boolean isNextTo(int change, EndOrder order, StorePath derivation) {
    Map.Entry<Integer, StorePath> next =
        switch (order) {
          case LOG_FIRST -> closed.lowerEntry(change);
          case DIRECTORY_FIRST -> closed.higherEntry(change);
          case UNKNOWN -> null;
        };
    return next != null && next.getValue().equals(derivation);
  }

  /**
   * Returns what Nix did first at the end of a build.
   *
   * @param directory the path of the directory that Nix named
   * @param changed the directory's ctime: a change that was told before is not its last
   */
  public EndOrder of(ByteString directory, Instant changed, StorePath derivation) {
    Directory kept = directories.get(directory);
    List<Integer> ends = closings.getOrDefault(derivation, List.of());
    if (kept == null || kept.changed == 0 || kept.seen.isBefore(changed)) {
      return EndOrder.UNKNOWN;
    } else if (ends.stream().anyMatch(end -> end > kept.made && end < kept.changed)) {
      return EndOrder.LOG_FIRST;
    }
    return ends.stream().anyMatch(end -> end > kept.changed)
        ? EndOrder.DIRECTORY_FIRST
        : EndOrder.UNKNOWN;
  }
}
