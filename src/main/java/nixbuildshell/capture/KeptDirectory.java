package nixbuildshell.capture;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
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
import nixbuildshell.store.StoreDirectory;

/**
 * The directory that Nix kept, open. Newer Nix keeps {@code DIR/build}, with the derivation's name
 * in DIR's; either may be given.
 *
 * @param build the build directory itself
 * @param outerName the name that Nix gave
 * @param changed the moment of failure
 * @param owner the build directory's
 */
public record KeptDirectory(Directory build, ByteString outerName, Instant changed, long owner)
    implements Evidence, AutoCloseable {

  private static final ByteString BUILD = ByteString.of(KeptName.INNER);
  private static final int LARGEST_MANIFEST = 4 << 20;

  /**
   * Opens what the person named.
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
   * Opens one that was found, through no link.
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
        return new KeptDirectory(inner.get(), lastName(name), changed, owner(inner.get()));
      }
      ByteString outer = KeptName.at(name).map(KeptName::text).orElse(lastName(name));
      return new KeptDirectory(given, outer, changed(given), owner(given));
    } catch (ErrnoException | Failure e) {
      given.close();
      throw e;
    }
  }

  /**
   * What a list shows of it.
   *
   * @param id the manifest's, if it has one
   */
  record Summary(Instant changed, Optional<String> id) {}

  Summary summary(StoreDirectory store) {
    return new Summary(changed, manifestId(store));
  }

  /**
   * Returns the ID in its manifest; empty when that is missing, unusable, or too large for a list.
   */
  private Optional<String> manifestId(StoreDirectory store) {
    if (read(Manifest.PATH, LARGEST_MANIFEST) instanceof FileContent.Bytes content) {
      try {
        return ManifestReader.read(content.bytes(), store).id();
      } catch (Malformed | Manifest.Newer e) {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  /** The build directory in the newer layout's outer one, which has nothing else in it. */
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

  /** Whether it is the newer layout's. */
  public boolean isNested() {
    return lastName(path()).equals(BUILD) && !outerName.equals(BUILD);
  }

  private static ByteString lastName(ByteString path) {
    return new ByteString(path.latin1().substring(path.latin1().lastIndexOf('/') + 1));
  }

  private static Instant changed(Directory directory) throws ErrnoException {
    Status.Time time = directory.self().status().changed();
    try {
      return Instant.ofEpochSecond(time.seconds(), time.nanoseconds());
    } catch (DateTimeException e) {
      return Instant.EPOCH;
    }
  }

  private static long owner(Directory directory) throws ErrnoException {
    return directory.self().status().uid();
  }

  private static Instant earlier(Instant one, Instant other) {
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
