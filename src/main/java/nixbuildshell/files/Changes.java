package nixbuildshell.files;

import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;

/**
 * Decides by ctime, which no program can set, whether files were changed since a session was
 * staged. In doubt the answer is yes, so that the session is kept.
 *
 * @param created the time of the session's oldest file
 * @param staged a time after the ctime of all unchanged files
 * @param stop asked at every entry; when it says yes, there is doubt
 */
public record Changes(Status.Time created, Status.Time staged, BooleanSupplier stop) {

  /**
   * Decides whether a directory or anything below was changed. Of the directory itself only the
   * mtime counts, because mounting an overlay changes the ctime of its upper directory.
   */
  public boolean in(Directory directory) {
    return in(directory, Set.of());
  }

  /**
   * Decides the same, and passes over some entries of the directory.
   *
   * @param passedOver their names
   */
  public boolean in(Directory directory, Set<ByteString> passedOver) {
    try (Descent descent = new Descent(directory)) {
      return directory.self().status().modified().compareTo(staged) >= 0
          || anyBelow(descent, passedOver);
    } catch (ErrnoException e) {
      return true;
    }
  }

  private boolean anyBelow(Descent descent, Set<ByteString> passedOver) throws ErrnoException {
    while (descent.depth() >= 0) {
      Optional<Directory> directory = descent.current();
      if (directory.isEmpty()) {
        return true;
      }
      Optional<Listing.Entry> entry = descent.next(directory.get());
      if (entry.isEmpty()) {
        descent.leave();
      } else if (descent.depth() > 0 || !passedOver.contains(entry.get().name())) {
        ByteString name = entry.get().name();
        Status status = directory.get().status(name);
        if (stop.getAsBoolean() || isChanged(status)) {
          return true;
        }
        if (status.type() == FileType.DIRECTORY) {
          enter(directory.get(), name, descent);
        }
      }
    }
    return false;
  }

  /** A ctime before the session's own tells a change after the clock was set back. */
  boolean isChanged(Status status) {
    return status.changed().compareTo(staged) >= 0 || status.changed().compareTo(created) < 0;
  }

  private static void enter(Directory in, ByteString name, Descent descent) throws ErrnoException {
    try {
      Directory opened = in.openDirectory(name);
      descent.enter(opened.place(), opened, opened.self().status());
    } catch (ErrnoException e) {
      // It was shut before it was staged (a later chmod shows in the ctime): nothing changed in it.
      if (!e.denied()) {
        throw e;
      }
    }
  }
}
