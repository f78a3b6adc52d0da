package nixbuildshell.session;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.console.Messages;
import nixbuildshell.console.ShellWord;
import nixbuildshell.files.Answers;
import nixbuildshell.files.Descriptor;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Listing;
import nixbuildshell.files.Owner;
import nixbuildshell.files.Status;
import nixbuildshell.files.TreeRemoval;

/**
 * Makes, finds, cleans and deletes the caller's sessions, which are in one directory, the base.
 *
 * <p>Several runs may do so at the same time. A session in use is locked, but looks abandoned
 * between its making and its locking. So three short actions need the lock of the whole base: to
 * make a session's directory with its locked lock file; to try a session's lock; and to give a
 * locked session up, by a name that no session has. A cleaner thus sees each session locked or not
 * at all, and no run enters a session that a cleaner has locked. To delete a tree takes long, and
 * needs no lock of the base after the renaming. A run that is killed leaves an empty directory, an
 * unlocked session or a renamed session, and the next cleaner takes each.
 */
public final class Sessions implements AutoCloseable {
  private static final ByteString BASE_LOCK = ByteString.of(".lock");
  private static final String GIVEN_UP = ".removing-";

  private static final int NAME_LIMIT = 64;
  private static final int LOCK_TRIES = 10;

  private interface Action<T> {
    T run() throws ErrnoException;
  }

  /**
   * Names an interactive session with changes.
   *
   * @param isNews whether the changes were found for the first time, and its record can be read
   */
  public record Kept(ByteString path, boolean isNews) {
    /**
     * Tells the caller how to come back, to see the changes and to drop them.
     *
     * @param changes says what was changed; empty when that is not known
     */
    public void tell(Messages messages, String changes) {
      String option = "nix-build-shell " + BaseDirectory.option(path);
      String name = ShellWord.quote(shortName(path));
      messages.note("your changes are kept in " + path + (changes.isEmpty() ? "" : ": " + changes));
      messages.note("  come back with  " + option + name);
      messages.note("  see them with   " + option + "diff " + name);
      messages.note("  drop them with  " + option + "clean " + name);
    }
  }

  /**
   * Lists what cleaning did not delete.
   *
   * @param kept the sessions with changes, without the locked ones
   * @param leftovers what could not be deleted
   * @param first stopped the removal when there were more files
   */
  record Cleaned(List<Kept> kept, List<TreeRemoval.Leftover> leftovers, FirstFiles first) {}

  private final FileSystem files;
  private final Directory base;
  private final Optional<ByteString> passedOver;

  private Sessions(FileSystem files, Directory base, Optional<ByteString> passedOver) {
    this.files = files;
    this.base = base;
    this.passedOver = passedOver;
  }

  /**
   * Opens the base, and makes it if need be.
   *
   * @param environment returns the value of a variable, if it is set
   * @param workDirectory the value of {@code --work-dir}; the base is a directory in it
   * @throws Failure when no directory is safe and fit
   */
  public static Sessions open(
      FileSystem files,
      Function<String, Optional<ByteString>> environment,
      Optional<ByteString> workDirectory) {
    files.makeFilesPrivate();
    BaseDirectory wanted = new BaseDirectory(files, environment, true);
    Directory base = wanted.open(workDirectory);
    return new Sessions(files, base, wanted.passedOver());
  }

  /**
   * Opens the base where there is one; empty when the caller has no sessions.
   *
   * @throws Failure when it is not safe or not fit
   */
  public static Optional<Sessions> find(
      FileSystem files,
      Function<String, Optional<ByteString>> environment,
      Optional<ByteString> workDirectory) {
    try {
      Directory base = new BaseDirectory(files, environment, false).open(workDirectory);
      return Optional.of(new Sessions(files, base, Optional.empty()));
    } catch (Failure e) {
      if (e.getCause() instanceof ErrnoException why && why.missing()) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /**
   * Opens the base that another process of the tool has found to be safe.
   *
   * @param path leads to it
   */
  static Sessions reopen(FileSystem files, ByteString path) throws ErrnoException {
    return new Sessions(files, files.openDirectory(path), Optional.empty());
  }

  /** Returns the number of the base's descriptor. */
  public int descriptor() {
    return base.self().number();
  }

  /**
   * Describes a session for a list.
   *
   * @param made when it was made
   * @param used when a run last used it
   * @param remembered empty when its record cannot be read
   */
  public record Listed(
      ByteString id,
      ByteString path,
      Status.Time made,
      Status.Time used,
      State state,
      Optional<Remembered> remembered) {}

  /** Says what becomes of a session. */
  public enum State {
    /** A run has locked it. */
    IN_USE,
    /** It stays until the caller deletes it. */
    CHANGED,
    /** The next run deletes it, unless it finds changes. */
    LEFT
  }

  /** Returns all sessions, the newest first. */
  public List<Listed> all() {
    List<Listed> all = new ArrayList<>();
    try {
      for (ByteString id : Listing.names(base)) {
        if (!id.startsWith(".")) {
          listed(id).ifPresent(all::add);
        }
      }
    } catch (ErrnoException e) {
      throw e.failure("cannot look into " + base.place(), "");
    }
    all.sort(Comparator.comparing(Listed::made).reversed());
    return all;
  }

  private Optional<Listed> listed(ByteString id) throws ErrnoException {
    Optional<Session> free = exclusively(() -> take(id));
    try (Directory directory = base.openDirectory(id)) {
      // Without its lock file a directory is no session, or not yet.
      Optional<Status> lock = directory.find(Session.LOCK);
      Optional<Remembered> remembered = Session.remembered(directory);
      State state =
          free.isEmpty()
              ? State.IN_USE
              : free.get().isKnownToBeChanged() ? State.CHANGED : State.LEFT;
      if (lock.isEmpty()) {
        return Optional.empty();
      }
      Status.Time made = lock.get().changed();
      return Optional.of(
          new Listed(id, directory.place().path(), made, used(directory), state, remembered));
    } catch (ErrnoException e) {
      return Optional.empty(); // It is gone meanwhile.
    } finally {
      free.ifPresent(Session::close);
    }
  }

  /** Returns the latest ctime of what lies in a session's directory. */
  private static Status.Time used(Directory directory) throws ErrnoException {
    Status.Time used = new Status.Time(0, 0);
    for (ByteString name : Listing.names(directory)) {
      Optional<Status> status = directory.find(name);
      if (status.isPresent() && status.get().changed().compareTo(used) > 0) {
        used = status.get().changed();
      }
    }
    return used;
  }

  /** Locks a session, whatever it is like; empty when another run uses it, or it is gone. */
  public Optional<Session> lock(ByteString id) {
    try {
      Optional<Session> session = Optional.empty();
      for (int i = 0; i < LOCK_TRIES && session.isEmpty() && hasLock(id); i++) {
        if (i > 0) {
          sleep();
        }
        session = exclusively(() -> take(id));
      }
      return session;
    } catch (ErrnoException e) {
      throw e.failure("cannot lock " + base.place().child(id), "");
    }
  }

  /** Returns the caller's state directory when it is mounted noexec, and therefore not used. */
  public Optional<ByteString> passedOver() {
    return passedOver;
  }

  public ByteString path() {
    return base.place().path();
  }

  /** Returns what earlier runs were told; to be used as long as this is open. */
  public Answers answers() {
    return Answers.in(base);
  }

  /**
   * Returns what keeps the mount points of sessions; to be used as long as this is open.
   *
   * @param owner the build user, when root runs the tool
   */
  public SpareStores spareStores(Optional<Owner> owner) {
    return SpareStores.in(base, owner, Sessions::givenUp);
  }

  private <T> T exclusively(Action<T> action) throws ErrnoException {
    try (Descriptor lock = base.openOrCreateFile(BASE_LOCK, 0600)) {
      lock.lock();
      return action.run();
    }
  }

  /**
   * Makes and locks a session with empty directories. Until it is staged, a run that finds it
   * unlocked deletes it.
   *
   * @param derivation the name from which its own is made
   * @param owner the build user, when root runs the tool
   * @throws Failure when it cannot be written
   */
  public Session create(ByteString derivation, Optional<Owner> owner) {
    try {
      Session session = exclusively(() -> make(derivation));
      try {
        session.furnish(owner);
        return session;
      } catch (ErrnoException e) {
        delete(session, () -> false);
        throw e;
      }
    } catch (ErrnoException e) {
      throw e.failure("cannot make a session in " + base.place(), Session.REMEDY);
    }
  }

  /**
   * Opens an empty directory that has no name any more, to copy nothing from.
   *
   * @param place what it stands for, in messages
   */
  public Directory empty(ByteString place) {
    try {
      return exclusively(
          () -> {
            ByteString name = ByteString.of(".empty-" + suffix());
            base.makeDirectory(name, 0700);
            Directory empty = base.openDirectory(name);
            base.removeDirectory(name);
            return empty.as(place);
          });
    } catch (ErrnoException e) {
      throw e.failure("cannot make a directory in " + base.place(), Session.REMEDY);
    }
  }

  private Session make(ByteString derivation) throws ErrnoException {
    ByteString id = newId(derivation);
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
      return new Session(directory, lock);
    } catch (ErrnoException e) {
      directory.close();
      throw e;
    }
  }

  /**
   * Returns what the caller types to name a session: its short name, behind the option that finds
   * it.
   */
  public static String name(ByteString path) {
    return BaseDirectory.option(path) + ShellWord.quote(shortName(path));
  }

  private static ByteString shortName(ByteString path) {
    return new ByteString(path.latin1().substring(path.latin1().lastIndexOf('/') + 1));
  }

  /** Returns the path of the session with a short name; empty when there is none. */
  public Optional<ByteString> named(ByteString name) {
    if (name.isEmpty() || name.startsWith(".") || name.latin1().indexOf('/') >= 0) {
      return Optional.empty();
    }
    try (Directory session = base.openDirectory(name)) {
      return looksLikeOne(session) ? Optional.of(session.place().path()) : Optional.empty();
    } catch (ErrnoException e) {
      return Optional.empty();
    }
  }

  /**
   * Returns the path of the newest session of a kept directory that stays; empty when there is
   * none. It may be in use.
   *
   * @param since when the kept directory was last changed: an older session was of another build
   */
  public Optional<ByteString> newestOf(ByteString origin, Instant since) {
    Status.Time changed = new Status.Time(since.getEpochSecond(), since.getNano());
    return all().stream()
        .filter(each -> each.made().compareTo(changed) > 0)
        .filter(
            each ->
                each.remembered()
                    .filter(it -> it.kind() == Remembered.Kind.INTERACTIVE)
                    .filter(it -> it.origin().equals(origin))
                    .isPresent())
        .map(Listed::path)
        .findFirst();
  }

  /** Returns what shells of a derivation's builds have left of their history. */
  public History history(ByteString derivation) {
    return new History(base, fileName(derivation));
  }

  /** Decides, without the base, whether a directory may be a session. */
  public static boolean looksLikeOne(Directory directory) {
    try {
      return directory.status(Session.REMEMBERED).type() == FileType.REGULAR;
    } catch (ErrnoException e) {
      return false;
    }
  }

  /**
   * Locks the session that a directory is; empty when it is no session.
   *
   * @throws Failure when another run uses it
   */
  public Optional<Session> find(Directory opened) {
    try {
      Status wanted = opened.self().status();
      for (ByteString id : Listing.names(base)) {
        if (!id.startsWith(".") && base.find(id).filter(wanted::same).isPresent()) {
          return takePatiently(id);
        }
      }
      return Optional.empty();
    } catch (ErrnoException e) {
      throw e.failure("cannot look into " + base.place(), "");
    }
  }

  /** Tries the lock for a second, because a cleaner has it too while it looks for changes. */
  private Optional<Session> takePatiently(ByteString id) throws ErrnoException {
    for (int i = 0; i < LOCK_TRIES; i++) {
      Optional<Session> session = exclusively(() -> take(id));
      if (session.isPresent() && session.get().remembered().isPresent()) {
        return session;
      }
      session.ifPresent(Session::close);
      if (session.isPresent() || !hasLock(id)) {
        return Optional.empty();
      }
      sleep();
    }
    throw new Failure(
        "cannot enter " + base.place().child(id), "it is in use by another nix-build-shell", "");
  }

  private static void sleep() {
    try {
      Thread.sleep(100);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean hasLock(ByteString id) {
    try {
      return base.find(id.plus("/").plus(Session.LOCK)).isPresent();
    } catch (ErrnoException e) {
      return false;
    }
  }

  /**
   * Locks a session. Only for a run that has the lock of the base.
   *
   * @return empty when the session is locked, gone, or none
   */
  private Optional<Session> take(ByteString id) throws ErrnoException {
    Directory directory = null;
    Descriptor lock = null;
    try {
      directory = base.openDirectory(id);
      lock = directory.openFileToWrite(Session.LOCK);
      if (directory.self().status().uid() == files.userId() && lock.tryLock()) {
        return Optional.of(new Session(directory, lock));
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
   * Deletes the sessions that no run uses: those of commands, and those without changes. Of many
   * files, only the first; the rest is given up.
   *
   * @param stop asked at every file; when it says yes, the rest is for the next run
   */
  Cleaned clean(BooleanSupplier stop) {
    Cleaned cleaned = new Cleaned(new ArrayList<>(), new ArrayList<>(), new FirstFiles());
    BooleanSupplier enough = () -> stop.getAsBoolean() || cleaned.first.getAsBoolean();
    try {
      for (ByteString name : Listing.names(base)) {
        if (stop.getAsBoolean()) {
          break;
        }
        if (name.startsWith(GIVEN_UP)) {
          removeGivenUp(name, enough).ifPresent(cleaned.leftovers::add);
        } else if (!name.startsWith(".")) {
          exclusively(() -> takeAbandoned(name)).ifPresent(s -> clean(s, stop, enough, cleaned));
        }
      }
    } catch (ErrnoException e) {
      cleaned.leftovers.add(new TreeRemoval.Leftover(path(), e.why()));
    }
    return cleaned;
  }

  private Optional<Session> takeAbandoned(ByteString id) throws ErrnoException {
    try {
      // A run that was killed before it made a lock file left an empty directory.
      base.removeDirectory(id);
      return Optional.empty();
    } catch (ErrnoException e) {
      return take(id);
    }
  }

  private void clean(
      Session session, BooleanSupplier stop, BooleanSupplier enough, Cleaned cleaned) {
    Optional<Remembered> remembered = session.remembered();
    boolean known = session.isKnownToBeChanged();
    boolean interactive = remembered.map(r -> r.kind() == Remembered.Kind.INTERACTIVE).orElse(true);
    boolean stays = interactive && session.isChanged(stop);
    if (stop.getAsBoolean()) {
      session.close();
    } else if (stays) {
      cleaned.kept.add(new Kept(session.path(), !known && remembered.isPresent()));
      session.close();
    } else {
      delete(session, enough).ifPresent(cleaned.leftovers::add);
    }
  }

  /**
   * Deletes a session and closes it.
   *
   * @param stop asked at every file; when it says yes, the rest is given up
   * @return the first thing that could not be deleted
   */
  public Optional<TreeRemoval.Leftover> delete(Session session, BooleanSupplier stop) {
    return delete(session, SpareStores.NONE, stop);
  }

  /**
   * Deletes a session so in which nothing runs any more.
   *
   * @param spares keeps its mount points
   */
  public Optional<TreeRemoval.Leftover> delete(
      Session session, SpareStores spares, BooleanSupplier stop) {
    ByteString name = givenUp(session.id());
    try (session) {
      exclusively(
          () -> {
            base.rename(session.id(), name);
            return name;
          });
      spares.give(session); // A session that lacks them must not bear its name.
      return removeGivenUp(name, stop);
    } catch (ErrnoException e) {
      return Optional.of(new TreeRemoval.Leftover(session.path(), e.why()));
    }
  }

  /**
   * Deletes what runs gave up: this one, and those that were killed. Another process may do so at
   * the same time.
   *
   * @return the first thing that could not be deleted
   */
  public Optional<TreeRemoval.Leftover> removeGivenUp(BooleanSupplier stop) {
    Optional<TreeRemoval.Leftover> leftover = Optional.empty();
    try {
      for (ByteString name : Listing.names(base)) {
        if (name.startsWith(GIVEN_UP) && !stop.getAsBoolean()) {
          Optional<TreeRemoval.Leftover> left = removeGivenUp(name, stop);
          leftover = leftover.or(() -> left);
        }
      }
      return leftover;
    } catch (ErrnoException e) {
      return Optional.of(new TreeRemoval.Leftover(path(), e.why()));
    }
  }

  /** Deletes what one run gave up, unless another process is at it, whose lock ends with it. */
  private Optional<TreeRemoval.Leftover> removeGivenUp(ByteString name, BooleanSupplier stop) {
    try (Directory directory = base.openDirectory(name)) {
      return directory.self().tryLock() ? TreeRemoval.remove(base, name, stop) : Optional.empty();
    } catch (ErrnoException e) {
      return e.missing()
          ? Optional.empty()
          : Optional.of(new TreeRemoval.Leftover(base.place().child(name).path(), e.why()));
    }
  }

  /** Returns a name that no session has, for what is to be deleted. */
  private static ByteString givenUp(ByteString name) {
    return ByteString.of(GIVEN_UP).plus(name).plus("-" + suffix());
  }

  /** Returns the derivation's name, fit for a file's name, with four random characters. */
  private static ByteString newId(ByteString derivation) {
    return fileName(derivation).plus("-" + suffix());
  }

  private static ByteString fileName(ByteString derivation) {
    String name = derivation.latin1().replaceAll("[^A-Za-z0-9+._-]", "-").replaceAll("^[.-]+", "");
    String cut = name.substring(0, Math.min(name.length(), NAME_LIMIT));
    return ByteString.of(cut.isEmpty() ? "build" : cut);
  }

  private static String suffix() {
    int number = ThreadLocalRandom.current().nextInt(36 * 36 * 36 * 36);
    String digits = Integer.toString(number, 36);
    return "0".repeat(4 - digits.length()) + digits;
  }

  @Override
  public void close() {
    base.close();
  }
}
