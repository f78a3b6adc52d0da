package nixbuildshell.session;

import java.util.List;
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
import nixbuildshell.files.TreeRemoval;

/**
 * A working copy in use: a directory of the base, locked as long as this is open.
 *
 * <pre>
 * lock                the lock; its ctime is when the session was made
 * session.properties  what it remembers: {@link Remembered}
 * staged              made when the copy was complete: what has a later ctime was changed
 * edited              made when a change was found, so that it is not looked for again
 * build/ tmp/         the sandbox's /build and /tmp
 * store/upper/        what is written to the sandbox's /nix/store; store/work/ belongs to overlayfs
 * store/view/         mount points where only some store paths are shown: {@link ShownStore}
 * root/               where the sandbox's root is mounted
 * </pre>
 */
public final class Session implements AutoCloseable {
  /** The directory with the mount points for store paths, in the session's own. */
  static final String VIEW = "store/view";

  /** The layer that takes the changes where the mount points are not on disk. */
  static final String UPPER = "store/upper";

  static final String REMEDY = "name a directory on another file system: --work-dir DIR";

  static final ByteString LOCK = ByteString.of("lock");
  static final ByteString REMEMBERED = ByteString.of("session.properties");
  static final ByteString STAGED = ByteString.of("staged");
  private static final ByteString EDITED = ByteString.of("edited");
  private static final int LARGEST = 1 << 24;

  private final Directory directory;
  private final Descriptor lock;

  Session(Directory directory, Descriptor lock) {
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

  /** Reads what it remembers; empty when that cannot be read any more. */
  public Optional<Remembered> remembered() {
    return FileContent.read(directory, REMEMBERED, LARGEST) instanceof FileContent.Bytes file
        ? Remembered.of(file.bytes())
        : Optional.empty();
  }

  /**
   * Makes what is in it.
   *
   * @param owner the build user when root runs the tool
   */
  void furnish(Remembered remembered, Optional<Owner> owner) throws ErrnoException {
    Optional<Owner> rootOfGroup = owner.map(o -> new Owner(0, o.gid()));
    write(REMEMBERED, remembered.file());
    make("build", 0700, owner);
    make("tmp", 01777, Optional.empty());
    make("store", 0755, Optional.empty());
    make(UPPER, 01775, rootOfGroup);
    make("store/work", 0700, owner);
    make(VIEW, 01775, rootOfGroup);
    make("root", 0755, Optional.empty());
  }

  /**
   * Makes directories in one another below the sandbox's {@code /tmp}, as mount points. For a new
   * session only: later the sandbox's user may have put links there.
   *
   * @param names the outermost first
   */
  public void makeInTmp(List<ByteString> names, Optional<Owner> owner) {
    StringBuilder path = new StringBuilder("tmp");
    try {
      for (ByteString name : names) {
        path.append('/').append(name.latin1());
        make(path.toString(), 0755, owner);
      }
    } catch (ErrnoException e) {
      throw e.failure("cannot write in " + directory.place(), REMEDY);
    }
  }

  /**
   * Makes the directory of the sandbox's root anew. For root alone, whose skeleton is on disk: what
   * an earlier run placed there must go. As from Nix, the root of a range of users owns its root
   * directory and {@code /etc}.
   *
   * @throws Failure when what was there cannot be deleted
   */
  public void renewRoot(Owner owner) {
    TreeRemoval.remove(directory, ByteString.of("root"))
        .ifPresent(
            left -> {
              throw left.failure();
            });
    try {
      if (owner.isRange()) {
        make("root", 0755, Optional.of(owner));
        make("root/etc", 0755, Optional.of(owner));
      } else {
        make("root", 0750, Optional.of(new Owner(0, owner.gid())));
      }
    } catch (ErrnoException e) {
      throw e.failure("cannot write in " + directory.place(), REMEDY);
    }
  }

  private void make(String path, int mode, Optional<Owner> owner) throws ErrnoException {
    ByteString name = ByteString.of(path);
    directory.makeDirectory(name, 0700);
    try (Directory made = directory.openDirectory(name)) {
      if (owner.isPresent()) {
        made.self().setOwner(owner.get().uid(), owner.get().gid());
      }
      made.self().setMode(mode);
    }
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
      throw e.failure("cannot write in " + directory.place(), REMEDY);
    } catch (InterruptedException e) {
      throw new Failure("cannot stage " + directory.place(), "interrupted", "");
    }
  }

  boolean isStaged() {
    return has(STAGED);
  }

  private boolean has(ByteString name) {
    try {
      return directory.find(name).isPresent();
    } catch (ErrnoException e) {
      return true;
    }
  }

  /**
   * Decides whether anything in the build directory, /tmp or the store was changed since the
   * session was staged. What was never staged has no changes; what cannot be decided is changed,
   * and not noted as such.
   *
   * @param stop asked at every file; when it says yes, the changes cannot be decided
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
        Directory upper = directory.openDirectory(ByteString.of(UPPER));
        Directory view = directory.openDirectory(ByteString.of(VIEW))) {
      Changes changes =
          new Changes(lock.status().changed(), directory.status(STAGED).changed(), stop);
      return changes.in(build) || changes.in(tmp) || changes.in(upper) || changes.in(view);
    } catch (ErrnoException e) {
      return true;
    }
  }

  /** Gives up the lock; the files stay. */
  @Override
  public void close() {
    lock.close();
    directory.close();
  }
}
