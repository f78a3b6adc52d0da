package nixbuildshell.files;

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
    while (descent.depth() >= 0) {
      Optional<Directory> directory = descent.current();
      if (directory.isEmpty()) {
        return true;
      }
      Optional<Listing.Entry> entry = descent.next(directory.get());
      if (entry.isEmpty()) {
        descent.leave();
      } else {
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

  /** A ctime before the session began is a change made after the clock was set back. */
  private boolean isChanged(Status status) {
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
