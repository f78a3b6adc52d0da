package nixbuildshell.files;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import nixbuildshell.Failure;

/**
 * Counts what a copy has done and lists what it has not. What fails on the side that is read is
 * listed; what fails on the side that is written ends the copy when no other file would fare
 * better.
 */
final class CopyReport {
  /** An enemy can have a million unreadable files; a person reads no thousand lines. */
  private static final int LISTED = 1000;

  interface Writing {
    void run() throws ErrnoException;
  }

  private final TreeCopy copy;
  private final Place root;
  private final Place target;
  private final List<TreeCopy.Missed> missed = new ArrayList<>();
  private long missedInAll;
  private long files;
  private long bytes;

  CopyReport(TreeCopy copy, Place root, Place target) {
    this.copy = copy;
    this.root = root;
    this.target = target;
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

  void unread(Place place, ErrnoException e) {
    if (e.exhausted()) {
      throw e.failure("cannot copy " + place, "");
    }
    missed(place, e.why());
  }

  /** Writes; false when that failed for this place alone. */
  boolean write(Place place, Writing writing) {
    try {
      writing.run();
      return true;
    } catch (ErrnoException e) {
      if (e.cannotWriteOn()) {
        throw full(place, e);
      }
      unread(place, e);
      return false;
    }
  }

  Failure full(Place place, ErrnoException e) {
    return e.failure("cannot copy " + place + " to " + target, copy.remedy());
  }

  TreeCopy.Result result() {
    return new TreeCopy.Result(files, bytes, List.copyOf(missed), missedInAll);
  }
}
