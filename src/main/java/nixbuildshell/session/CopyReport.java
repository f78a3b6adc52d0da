package nixbuildshell.session;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import nixbuildshell.linux.Place;

/** Counts what a copy has done and lists what it has not. */
final class CopyReport {
  /** An enemy can have a million unreadable files; a person reads no thousand lines. */
  private static final int LISTED = 1000;

  private final TreeCopy copy;
  private final Place root;
  private final List<TreeCopy.Missed> missed = new ArrayList<>();
  private long missedInAll;
  private long files;
  private long bytes;

  CopyReport(TreeCopy copy, Place root) {
    this.copy = copy;
    this.root = root;
  }

  void file() {
    files++;
    copy.progress().copied(files, bytes);
  }

  void bytes(long more) {
    bytes += more;
    copy.progress().copied(files, bytes);
    stopIfCancelled();
  }

  void stopIfCancelled() {
    if (copy.cancelled().getAsBoolean()) {
      throw new CancellationException("copying was cancelled");
    }
  }

  void missed(Place place, String why) {
    missedInAll++;
    if (missed.size() < LISTED) {
      missed.add(new TreeCopy.Missed(place.pathBelow(root), why));
    }
  }

  TreeCopy.Result result() {
    return new TreeCopy.Result(files, bytes, List.copyOf(missed), missedInAll);
  }
}
