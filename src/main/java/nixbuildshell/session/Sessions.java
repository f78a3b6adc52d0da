package nixbuildshell.session;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.Descriptor;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Listing;
import nixbuildshell.files.Owner;
import nixbuildshell.files.TreeRemoval;

/**
 * All sessions of a user, in one directory.
 *
 * <p>Runs come and go at the same time, and each cleans up after those that are over. A session in
 * use is locked, but between being made and being locked it looks abandoned. So three things happen
 * only under the lock of the whole base, each a moment long: making a session's directory together
 * with its locked lock file; trying a session's lock; and giving a session up, which means renaming
 * it, by someone who holds its lock, to a name that no session ever has. Thus a cleaner sees a
 * session locked or not at all, what it has locked nobody else enters, and deleting a big tree,
 * which takes long, keeps nobody waiting. A run killed on the way leaves an empty directory, a
 * session whose lock is free, or one that is renamed: the next cleaner takes each.
 */
public final class Sessions implements AutoCloseable {
  public static final String REMEDY = "name a directory on another file system: --work-dir DIR";

  private static final ByteString BASE_LOCK = ByteString.of(".lock");
  static final String GIVEN_UP = ".removing-";

  interface Action<T> {
    T run() throws ErrnoException;
  }

  /**
   * An interactive session that somebody has worked in.
   *
   * @param about empty when its file cannot be read
   * @param isNews whether this is the first time that the changes are found
   */
  public record Kept(ByteString id, ByteString path, Optional<About> about, boolean isNews) {}

  /**
   * What cleaning came to.
   *
   * @param kept what stays, locked sessions not counted
   * @param leftovers what should have been deleted and could not be
   */
  public record Cleaned(List<Kept> kept, List<TreeRemoval.Leftover> leftovers) {}

  private final FileSystem files;
  private final Directory base;
  private final Optional<ByteString> passedOver;

  private Sessions(FileSystem files, Directory base, Optional<ByteString> passedOver) {
    this.files = files;
    this.base = base;
    this.passedOver = passedOver;
  }

  /**
   * Opens the directory of the user's sessions and makes it if need be.
   *
   * @param environment the value of a variable, if it is set
   * @param workDirectory of {@code --work-dir}: the sessions go to a directory in it
   * @throws Failure when there is no directory that is safe and fit
   */
  public static Sessions open(
      FileSystem files,
      Function<String, Optional<ByteString>> environment,
      Optional<ByteString> workDirectory) {
    files.makeFilesPrivate();
    BaseDirectory wanted = new BaseDirectory(files, environment);
    Directory base = wanted.open(workDirectory);
    return new Sessions(files, base, wanted.passedOver());
  }

  /** The user's state directory, when the sessions are elsewhere because it is mounted noexec. */
  public Optional<ByteString> passedOver() {
    return passedOver;
  }

  public ByteString path() {
    return base.place().path();
  }

  <T> T exclusively(Action<T> action) throws ErrnoException {
    try (Descriptor lock = base.openOrCreateFile(BASE_LOCK, 0600)) {
      lock.lock();
      return action.run();
    }
  }

  /**
   * Makes a session with its directories, still empty, and locks it.
   *
   * @param owner the build user when root runs the tool
   * @throws Failure when that cannot be written
   */
  public Session create(About about, Optional<Owner> owner) {
    try {
      Session session = exclusively(() -> make(about.name()));
      try {
        session.furnish(about, owner);
        return session;
      } catch (ErrnoException e) {
        session.delete();
        throw e;
      }
    } catch (ErrnoException e) {
      throw e.failure("cannot make a session in " + base.place(), REMEDY);
    }
  }

  private Session make(ByteString derivation) throws ErrnoException {
    ByteString id = SessionId.of(derivation);
    try {
      base.makeDirectory(id, 0700);
    } catch (ErrnoException e) {
      if (e.exists()) {
        return make(derivation);
      }
      throw e;
    }
    Directory directory = base.openDirectory(id);
    try {
      directory.self().setMode(0755);
      Descriptor lock = directory.openOrCreateFile(Session.LOCK, 0600);
      lock.lock();
      return new Session(this, directory, lock);
    } catch (ErrnoException e) {
      directory.close();
      throw e;
    }
  }

  /** Whether it is worth looking for this directory among the sessions. */
  public static boolean looksLikeOne(Directory directory) {
    try {
      return directory.status(Session.ABOUT).type() == FileType.REGULAR;
    } catch (ErrnoException e) {
      return false;
    }
  }

  /**
   * The session that an opened directory is, locked, to work in it in place; empty when it is none.
   *
   * @throws Failure when another run uses it
   */
  public Optional<Session> find(Directory opened) {
    return new SessionFinder(this, base).find(opened);
  }

  /**
   * The session when nobody else has it. Only under the lock of the base.
   *
   * @return empty when it is locked, or no session, or gone
   */
  Optional<Session> take(ByteString id) throws ErrnoException {
    Directory directory = null;
    Descriptor lock = null;
    try {
      directory = base.openDirectory(id);
      lock = directory.openFileToWrite(Session.LOCK);
      if (directory.self().status().uid() == files.userId() && lock.tryLock()) {
        return Optional.of(new Session(this, directory, lock));
      }
    } catch (ErrnoException e) {
      if (!e.missing() && !e.notDirectory() && !e.denied()) {
        throw e;
      }
    }
    if (lock != null) {
      lock.close();
    }
    if (directory != null) {
      directory.close();
    }
    return Optional.empty();
  }

  /**
   * Deletes the sessions of runs that are over: those of commands, and those of shells that changed
   * nothing.
   *
   * @param stop asked all the time; what is left when it says yes is for the next run
   */
  public Cleaned clean(BooleanSupplier stop) {
    return new Cleaner(this, base, stop).clean();
  }

  void delete(Session session, BooleanSupplier stop) {
    remove(session, stop)
        .ifPresent(
            left -> {
              throw new Failure("cannot delete " + left.path(), left.why(), "");
            });
  }

  Optional<TreeRemoval.Leftover> remove(Session session, BooleanSupplier stop) {
    ByteString name = ByteString.of(GIVEN_UP).plus(session.id()).plus("-" + SessionId.suffix());
    try (session) {
      exclusively(
          () -> {
            base.rename(session.id(), name);
            return name;
          });
      return TreeRemoval.remove(base, name, stop);
    } catch (ErrnoException e) {
      return Optional.of(new TreeRemoval.Leftover(session.path(), e.why()));
    }
  }

  List<ByteString> names() throws ErrnoException {
    List<ByteString> names = new ArrayList<>();
    try (Directory directory = base.reopen()) {
      Listing listing = new Listing();
      Optional<Listing.Entry> entry = listing.next(directory);
      while (entry.isPresent()) {
        names.add(entry.get().name());
        entry = listing.next(directory);
      }
    }
    return names;
  }

  List<ByteString> ids() throws ErrnoException {
    return names().stream().filter(name -> !name.startsWith(".")).toList();
  }

  @Override
  public void close() {
    base.close();
  }
}
