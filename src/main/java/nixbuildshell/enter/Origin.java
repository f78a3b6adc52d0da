package nixbuildshell.enter;

import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.Status;
import nixbuildshell.session.SessionFiles;

/**
 * Holds the kept directory of a session, if it is still what the session was copied from.
 *
 * @param whyNot says what became of it; empty when it is there
 */
record Origin(Optional<KeptDirectory> kept, Optional<String> whyNot) implements AutoCloseable {

  /** Opens the kept directory. Not even its owner can set its ctime back. */
  static Origin of(FileSystem files, SessionFiles session) {
    ByteString path = session.remembered().origin();
    if (path.latin1().endsWith(".drv")) {
      return missing("no build has kept a directory for this session");
    } else if (!files.has(path)) {
      return missing(path + " is gone, or has another name");
    }
    KeptDirectory kept;
    try {
      kept = KeptDirectory.open(files, path);
    } catch (Failure e) {
      return missing(e.getMessage());
    }
    Status.Time changed =
        new Status.Time(kept.changed().getEpochSecond(), kept.changed().getNano());
    if (changed.compareTo(session.created()) <= 0) {
      return new Origin(Optional.of(kept), Optional.empty());
    }
    kept.close();
    return missing(path + " was changed since it was copied, or is another build's by now");
  }

  private static Origin missing(String why) {
    return new Origin(Optional.empty(), Optional.of(why));
  }

  @Override
  public void close() {
    kept.ifPresent(KeptDirectory::close);
  }
}
