package nixbuildshell.files;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;

/**
 * Whether anybody has changed a session's files since it was staged, told by their ctime, which
 * nobody can set. Whatever cannot be made out counts as a change: the session is kept then.
 *
 * @param created no file of the session is older
 * @param staged the files are older than this as long as nobody changes them
 * @param stop asked at every entry; when it says yes, that is what cannot be made out
 */
public record Changes(Status.Time created, Status.Time staged, BooleanSupplier stop) {

  /**
   * Looks through one of the session's directories.
   *
   * <p>Of the directory itself only the mtime counts, for mounting an overlay changes the ctime of
   * its upper directory.
   */
  public boolean in(Directory directory) {
    try (Descent descent = new Descent(directory)) {
      return directory.self().status().modified().compareTo(staged) >= 0 || anyBelow(descent);
    } catch (ErrnoException e) {
      return true;
    }
  }

  private boolean anyBelow(Descent descent) throws ErrnoException {
    Deque<Listing> listings = new ArrayDeque<>();
    listings.push(new Listing(4096));
    while (!listings.isEmpty()) {
      Optional<Directory> directory = descent.current();
      if (directory.isEmpty()) {
        return true;
      }
      Optional<Listing.Entry> entry = listings.element().next(directory.get());
      if (entry.isEmpty()) {
        listings.pop();
        if (!listings.isEmpty()) {
          descent.leave();
        }
      } else {
        ByteString name = entry.get().name();
        Status status = directory.get().status(name);
        if (stop.getAsBoolean() || isChanged(status)) {
          return true;
        }
        if (status.type() == FileType.DIRECTORY && enter(directory.get(), name, descent)) {
          listings.push(new Listing(4096));
        }
      }
    }
    return false;
  }

  /** A ctime before the session began is a change made after the clock was set back. */
  private boolean isChanged(Status status) {
    return status.changed().compareTo(staged) >= 0 || status.changed().compareTo(created) < 0;
  }

  private static boolean enter(Directory in, ByteString name, Descent descent)
      throws ErrnoException {
    try {
      Directory opened = in.openDirectory(name);
      descent.enter(name, opened, opened.self().status());
      return true;
    } catch (ErrnoException e) {
      if (e.denied()) {
        // Unreadable since it was staged, or its ctime had told: nobody else came in either.
        return false;
      }
      throw e;
    }
  }
}
