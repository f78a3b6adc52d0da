package nixbuildshell.capture;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
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
 * Holds a kept directory open. Nix from 2.22 on keeps {@code DIR/build}, Lix {@code DIR/b}; the
 * caller may name that or DIR.
 *
 * @param build the build directory itself
 * @param outer DIR, where it is another directory and there may be files beside the build directory
 * @param outerName the name that Nix gave
 * @param owner the build directory's uid
 */
public record KeptDirectory(
    Directory build, Optional<Directory> outer, ByteString outerName, KeptTimes times, long owner)
    implements Evidence, AutoCloseable {

  /** The path of the state at the failure, which bash can source. */
  public static final String STATE = ".nix-build-shell/state.bash";

  /** What {@code external-builders} leave beside the build directory. */
  static final String BUILD_JSON = "build.json";

  /**
   * Opens the directory that the caller named.
   *
   * @throws nixbuildshell.Failure when it is missing, no directory or unreadable
   */
  public static KeptDirectory open(FileSystem files, ByteString path) {
    try {
      return of(UserPath.openDirectory(files, path));
    } catch (ErrnoException e) {
      throw e.failure("cannot enter " + path, "");
    }
  }

  /**
   * Stands for the kept directory of a build that has not begun: nothing is in it.
   *
   * @param empty an empty directory of the caller's, closed with it; its place is the derivation
   * @param name the derivation's, without {@code .drv}
   * @param nested whether this host's Nix nests build directories
   */
  public static KeptDirectory none(Directory empty, String name, boolean nested)
      throws ErrnoException {
    ByteString outer = ByteString.of("nix-build-" + name + (nested ? ".drv-0-0" : ".drv-0"));
    return of(empty, Optional.empty(), outer, changed(empty));
  }

  /** Opens a directory in its parent, through no link. */
  static KeptDirectory in(Directory parent, ByteString name) throws ErrnoException {
    return of(UserPath.openDirectory(parent, name));
  }

  private static KeptDirectory of(Directory given) throws ErrnoException {
    try {
      ByteString name = given.place().path();
      Optional<Directory> inner = inner(given);
      if (inner.isPresent()) {
        Instant changed = earlier(changed(given), changed(inner.get()));
        return of(inner.get(), Optional.of(given), lastName(name), changed);
      }
      Optional<KeptName> outer = KeptName.at(name);
      Instant changed = changed(given);
      Optional<Directory> parent =
          outer
              .filter(it -> it.worker().isPresent() && !it.text().equals(lastName(name)))
              .flatMap(it -> parent(given));
      return of(given, parent, outer.map(KeptName::text).orElse(lastName(name)), changed);
    } catch (ErrnoException | Failure e) {
      given.close();
      throw e;
    }
  }

  private static KeptDirectory of(
      Directory build, Optional<Directory> outer, ByteString outerName, Instant changed)
      throws ErrnoException {
    Status status = build.self().status();
    KeptTimes times = times(KeptName.of(outerName), status, changed);
    return new KeptDirectory(build, outer, outerName, times, status.uid());
  }

  /** Opens the build directory in a directory of a newer layout, which has nothing else in it. */
  private static Optional<Directory> inner(Directory given) throws ErrnoException {
    Optional<KeptName> name = KeptName.of(lastName(given.place().path()));
    ByteString inner = ByteString.of(name.map(KeptName::inner).orElse(KeptName.INNER));
    Set<ByteString> allowed = new HashSet<>(Set.of(inner));
    if (name.flatMap(KeptName::worker).isPresent()) {
      allowed.add(ByteString.of(BUILD_JSON));
    }
    Set<ByteString> there = new HashSet<>();
    Listing listing = new Listing();
    for (int count = 0; count <= allowed.size(); count++) {
      listing.next(given).ifPresent(entry -> there.add(entry.name()));
    }
    return there.contains(inner)
            && allowed.containsAll(there)
            && given.status(inner).type() == FileType.DIRECTORY
        ? Optional.of(UserPath.openDirectory(given, inner))
        : Optional.empty();
  }

  /** Opens DIR where the caller named DIR/build, and may open DIR. */
  private static Optional<Directory> parent(Directory given) {
    try {
      return Optional.of(given.openParent());
    } catch (ErrnoException e) {
      return Optional.empty();
    }
  }

  /** Decides whether the directory has a newer layout. */
  public boolean isNested() {
    return !lastName(path()).equals(outerName);
  }

  /** Decides whether the directory has Lix's layout. */
  public boolean isOfLix() {
    return isNested() && KeptName.of(outerName).filter(KeptName::isLix).isPresent();
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

  /** Returns the path of the directory that Nix named. */
  public ByteString outermost() {
    String path = path().latin1();
    return isNested() ? new ByteString(path.substring(0, path.lastIndexOf('/'))) : path();
  }

  @Override
  public FileContent read(String file, int limit) {
    return FileContent.below(build, file, limit);
  }

  /**
   * Looks for the state at the failure, and reads none of it. The hook writes its manifest last: a
   * state without one can be half of it.
   */
  public FileContent state() {
    FileContent manifest = read(Manifest.PATH, 0);
    return manifest instanceof FileContent.Missing ? manifest : read(STATE, 0);
  }

  @Override
  public FileContent readBeside(String file, int limit) {
    return outer
        .map(directory -> FileContent.below(directory, file, limit))
        .orElse(new FileContent.Missing());
  }

  @Override
  public void close() {
    build.close();
    outer.ifPresent(Directory::close);
  }
}
