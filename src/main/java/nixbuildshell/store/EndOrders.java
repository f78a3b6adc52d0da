package nixbuildshell.store;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import nixbuildshell.ByteString;

/**
 * Collects, in the order in which it happens, what Nix does with build logs and with the
 * directories of builds, and tells the {@link EndOrder} of each. One thread may use it.
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

  private final Map<ByteString, Directory> directories = new HashMap<>();
  private final Map<StorePath, List<Integer>> closings = new HashMap<>();
  private int events;

  /** Notes that a directory was made. What an earlier one of its name was does not count. */
  public void made(ByteString directory) {
    events++;
    put(directory, new Directory(events, 0, Instant.MIN));
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
    closings.computeIfAbsent(derivation, drv -> new ArrayList<>()).add(events);
  }

  /** Forgets all: events were lost, and so may be those between any two. */
  public void forget() {
    directories.clear();
    closings.clear();
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
