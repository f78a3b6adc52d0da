package nixbuildshell.session;

import java.util.Optional;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.Changes;
import nixbuildshell.files.Descriptor;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileContent;
import nixbuildshell.files.Owner;
import nixbuildshell.files.Status;

/**
 * A working copy in use: a directory of the base, locked as long as this is open.
 *
 * <pre>
 * lock                the lock; its ctime is when the session was made
 * session.properties  what it is about
 * staged              made when the copy was complete: what has a later ctime was changed
 * edited              made when a change was found, so that it is not looked for again
 * build/ tmp/         the sandbox's /build and /tmp
 * store/upper/        what is written to the sandbox's /nix/store; store/work/ belongs to overlayfs
 * store/view/         mount points where only some store paths are shown: {@link ShownStore}
 * root/               where the sandbox's root is mounted
 * </pre>
 */
public final class Session implements AutoCloseable {
  static final ByteString LOCK = ByteString.of("lock");
  static final ByteString ABOUT = ByteString.of("session.properties");
  static final ByteString STAGED = ByteString.of("staged");
  private static final ByteString EDITED = ByteString.of("edited");
  private static final int ABOUT_LIMIT = 1 << 24;

  private final Sessions sessions;
  private final Directory directory;
  private final Descriptor lock;

  Session(Sessions sessions, Directory directory, Descriptor lock) {
    this.sessions = sessions;
    this.directory = directory;
    this.lock = lock;
  }

  /** Its name in the base: "probe-1.0-k3f9". */
  public ByteString id() {
    return directory.place().name();
  }

  /** For messages. */
  public ByteString path() {
    return directory.place().path();
  }

  /** Where everything lies, open: to {@code fchdir} to, or to open what is in it. */
  public Directory directory() {
    return directory;
  }

  /** Opens one of its own directories: "build", "store/upper". */
  public Directory open(String path) {
    try {
      return directory.openDirectory(ByteString.of(path));
    } catch (ErrnoException e) {
      throw e.failure("cannot open " + directory.place() + "/" + path, "");
    }
  }

  /** What it is about; empty when that cannot be told any more. */
  public Optional<About> about() {
    return FileContent.read(directory, ABOUT, ABOUT_LIMIT) instanceof FileContent.Bytes file
        ? About.of(file.bytes())
        : Optional.empty();
  }

  /** Makes what is in it; with an owner, root does it for him. */
  void furnish(About about, Optional<Owner> owner) throws ErrnoException {
    write(ABOUT, about.file());
    furnishing().all(owner);
  }

  /** Its directories, to make more of them. */
  public Furnishing furnishing() {
    return new Furnishing(directory);
  }

  private void write(ByteString name, byte[] content) throws ErrnoException {
    try (Descriptor file = directory.createFile(name, 0600)) {
      file.write(content);
      file.closeWritten();
    }
  }

  /**
   * Says that all is as the sandbox shall find it: from now on a change is the person's.
   *
   * @throws Failure when that cannot be written
   */
  public void markStaged() {
    try (Descriptor file = directory.createFile(STAGED, 0600)) {
      // The clock of ctime ticks in milliseconds: the stamp must be later than the last file.
      Status.Time last = file.status().changed();
      while (file.status().changed().compareTo(last) <= 0) {
        Thread.sleep(1);
        file.setMode(0600);
      }
    } catch (ErrnoException e) {
      throw e.failure("cannot write in " + directory.place(), Sessions.REMEDY);
    } catch (InterruptedException e) {
      throw new Failure("cannot stage " + directory.place(), "interrupted", "");
    }
  }

  public boolean isStaged() {
    return has(STAGED);
  }

  private boolean has(ByteString name) {
    try {
      directory.status(name);
      return true;
    } catch (ErrnoException e) {
      return !e.missing();
    }
  }

  /**
   * Whether somebody has changed, added or deleted anything in the build directory, /tmp or the
   * store since the session was staged; when in doubt, yes. A session that never was staged has
   * nothing of anybody's.
   */
  public boolean isChanged() {
    return isChanged(() -> false);
  }

  /**
   * The same, but no longer than until told to stop: then it is in doubt, and nothing is noted.
   *
   * @param stop asked at every file
   */
  public boolean isChanged(BooleanSupplier stop) {
    if (!isStaged() || isKnownToBeChanged()) {
      return isStaged();
    }
    boolean changed = hasChanges(stop);
    if (changed && !stop.getAsBoolean()) {
      try {
        write(EDITED, new byte[0]);
      } catch (ErrnoException e) {
        // It only saves looking again.
      }
    }
    return changed;
  }

  /** Whether changes were found before. */
  boolean isKnownToBeChanged() {
    return has(EDITED);
  }

  private boolean hasChanges(BooleanSupplier stop) {
    try (Directory build = directory.openDirectory(ByteString.of("build"));
        Directory tmp = directory.openDirectory(ByteString.of("tmp"));
        Directory upper = directory.openDirectory(ByteString.of("store/upper"));
        Directory view = directory.openDirectory(ByteString.of(ShownStore.VIEW))) {
      Changes changes =
          new Changes(lock.status().changed(), directory.status(STAGED).changed(), stop);
      return changes.in(build) || changes.in(tmp) || changes.in(upper) || changes.in(view);
    } catch (ErrnoException e) {
      return true;
    }
  }

  /**
   * Deletes the session and everything in it, and closes it.
   *
   * @throws Failure naming what could not be deleted; the next {@link Sessions#clean} tries again
   */
  public void delete() {
    delete(() -> false);
  }

  /**
   * The same until told to stop; what is left then is for the next {@link Sessions#clean}.
   *
   * @param stop asked at every file
   */
  public void delete(BooleanSupplier stop) {
    sessions.delete(this, stop);
  }

  /** Gives up the lock; the files stay. */
  @Override
  public void close() {
    lock.close();
    directory.close();
  }
}
