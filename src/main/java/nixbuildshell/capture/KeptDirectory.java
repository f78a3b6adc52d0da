package nixbuildshell.capture;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileContent;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Listing;
import nixbuildshell.files.Status;
import nixbuildshell.files.UserPath;
import nixbuildshell.store.Evidence;
import nixbuildshell.store.KeptName;
import nixbuildshell.store.KeptTimes;

/**
 * Holds a kept directory open. Nix from 2.22 on keeps {@code DIR/build}; the caller may name that
 * or DIR.
 *
 * @param build the build directory itself
 * @param outerName the name that Nix gave
 * @param owner the build directory's uid
 */
public record KeptDirectory(Directory build, ByteString outerName, KeptTimes times, long owner)
    implements Evidence, AutoCloseable {

  private static final ByteString BUILD = ByteString.of(KeptName.INNER);

  /**
   * Opens the directory that the caller named.
   *
   * @throws nixbuildshell.Failure when it is missing, no directory, unreadable or empty
   */
  public static KeptDirectory open(FileSystem files, ByteString path) {
    try {
      return of(UserPath.openDirectory(files, path));
    } catch (ErrnoException e) {
      throw e.failure("cannot enter " + path, "");
    }
  }

  /**
   * Opens a directory in its parent, through no link.
   *
   * @throws nixbuildshell.Failure when it is empty
   */
  static KeptDirectory in(Directory parent, ByteString name) throws ErrnoException {
    return of(UserPath.openDirectory(parent, name));
  }

  private static KeptDirectory of(Directory given) throws ErrnoException {
    try {
      ByteString name = given.place().path();
      Optional<Directory> inner = inner(given);
      if (inner.isPresent()) {
        Instant changed = earlier(changed(given), changed(inner.get()));
        given.close();
        return of(inner.get(), lastName(name), changed);
      }
      ByteString outer = KeptName.at(name).map(KeptName::text).orElse(lastName(name));
      return of(given, outer, changed(given));
    } catch (ErrnoException | Failure e) {
      given.close();
      throw e;
    }
  }

  private static KeptDirectory of(Directory build, ByteString outer, Instant changed)
      throws ErrnoException {
    Status status = build.self().status();
    return new KeptDirectory(
        build, outer, times(KeptName.of(outer), status, changed), status.uid());
  }

  /** Opens the build directory in a directory of the newer layout, which has nothing else in it. */
  private static Optional<Directory> inner(Directory given) throws ErrnoException {
    Listing listing = new Listing();
    Optional<Listing.Entry> only = listing.next(given);
    boolean alone = only.isPresent() && listing.next(given).isEmpty();
    if (!alone
        || !only.get().name().equals(BUILD)
        || given.status(BUILD).type() != FileType.DIRECTORY) {
      return Optional.empty();
    }
    return Optional.of(UserPath.openDirectory(given, BUILD));
  }

  /** Decides whether the directory has the newer layout. */
  public boolean isNested() {
    return lastName(path()).equals(BUILD) && !outerName.equals(BUILD);
  }

  private static ByteString lastName(ByteString path) {
    return new ByteString(path.latin1().substring(path.latin1().lastIndexOf('/') + 1));
  }

  private static Instant changed(Directory directory) throws ErrnoException {
    return instant(directory.self().status().changed());
  }

  static Instant instant(Status.Time time) {
    try {
      return Instant.ofEpochSecond(time.seconds(), time.nanoseconds());
    } catch (DateTimeException e) {
      return Instant.EPOCH;
    }
  }

  /** Returns the times of a directory with this name. */
  static KeptTimes times(Optional<KeptName> name, Status build, Instant changed) {
    return new KeptTimes(
        build.device() + ":" + build.inode(),
        name.flatMap(KeptName::derivation),
        name.flatMap(KeptName::worker),
        build.born().map(KeptDirectory::instant),
        changed);
  }

  @Override
  public Instant changed() {
    return times.changed();
  }

  static Instant earlier(Instant one, Instant other) {
    return one.isBefore(other) ? one : other;
  }

  @Override
  public ByteString path() {
    return build.place().path();
  }

  @Override
  public FileContent read(String file, int limit) {
    return FileContent.below(build, file, limit);
  }

  @Override
  public void close() {
    build.close();
  }
}
