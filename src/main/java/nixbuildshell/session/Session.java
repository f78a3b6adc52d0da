package nixbuildshell.session;

import java.nio.charset.Charset;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.Changes;
import nixbuildshell.files.Descriptor;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileContent;
import nixbuildshell.files.Owner;
import nixbuildshell.files.TreeRemoval;
import nixbuildshell.files.WholeFile;

/**
 * Holds a session in use: a directory of the base, locked until this is closed.
 *
 * <pre>
 * lock                its ctime is the time when the session was made
 * session.properties  {@link Remembered}
 * staged              made when the copy was complete: a later ctime is a change
 * edited              made when a change was found, which saves the next search
 * build/ tmp/         the sandbox's /build and /tmp
 * store/view/         the sandbox's /nix/store, where that shows some store paths, with their
 *                     mount points: {@link ShownStore}
 * store/upper/        the changes to it, where it shows the whole store; overlayfs needs
 *                     store/work/
 * root/               the mount point of the sandbox's root
 * facts.bash          what the shell at the failure is told of the build; only where there was one
 * greeting            what the tool says before the shell
 * environment.bash    what stdenv's setup made: variables, arrays, functions and options, as bash
 *                     declares them; only where the build's variables were rebuilt
 * gcroot              a link, the GC root of all store paths that the session needs
 * gcroot.nix          the expression of the derivation to which it leads
 * setup/              such directories for that run of setup, while it lasts: {@link #inner}
 * </pre>
 */
public final class Session implements AutoCloseable {
  static final ByteString STORE = ByteString.of("store");
  static final String VIEW = ShownStore.VIEW.latin1();
  static final String UPPER = "store/upper";

  static final String REMEDY = "name a directory on another file system: --work-dir DIR";

  static final ByteString LOCK = ByteString.of("lock");
  static final ByteString REMEMBERED = ByteString.of("session.properties");
  static final ByteString STAGED = ByteString.of("staged");
  private static final ByteString EDITED = ByteString.of("edited");

  /** Names the file with what stdenv's setup made. */
  public static final ByteString ENVIRONMENT = ByteString.of("environment.bash");

  /**
   * Names the directory of the build directory that is the tool's own: it is no part of a build.
   */
  public static final ByteString OWN = ByteString.of(".nix-build-shell");

  private static final ByteString INNER = ByteString.of("setup");
  private static final String ROOT = "gcroot";
  private static final ByteString ROOT_EXPRESSION = ByteString.of("gcroot.nix");
  private static final int LARGEST = 1 << 24;
  private static final int LARGEST_STORED = 1 << 26;

  private final Directory directory;
  private final Descriptor lock;

  Session(Directory directory, Descriptor lock) {
    this.directory = directory;
    this.lock = lock;
  }

  /** Returns its name in the base: "probe-1.0-k3f9". */
  public ByteString id() {
    return directory.place().name();
  }

  /** Returns its path, for messages. */
  public ByteString path() {
    return directory.place().path();
  }

  /** Returns the path of the sandbox's store, where that shows some store paths. */
  public ByteString view() {
    return path().plus("/" + VIEW);
  }

  /** Returns its open directory. */
  public Directory directory() {
    return directory;
  }

  /** Opens a directory in it, such as "store/upper". */
  public Directory open(String path) {
    try {
      return directory.openDirectory(ByteString.of(path));
    } catch (ErrnoException e) {
      throw e.failure("cannot open " + directory.place() + "/" + path, "");
    }
  }

  /** Reads what it remembers; empty when that cannot be read. */
  public Optional<Remembered> remembered() {
    return remembered(directory);
  }

  /** Reads what a session in this directory remembers, without its lock. */
  static Optional<Remembered> remembered(Directory directory) {
    return FileContent.read(directory, REMEMBERED, LARGEST) instanceof FileContent.Bytes file
        ? Remembered.of(file.bytes())
        : Optional.empty();
  }

  /**
   * Stores what a new session remembers.
   *
   * @throws Failure when it cannot be written
   */
  public void remember(Remembered remembered) {
    replace(REMEMBERED, remembered.file());
  }

  /** Remembers directories at the end of PATH. */
  public void rememberPrograms(List<ByteString> programs) {
    remember(before -> before.with(programs));
  }

  /** Remembers the derivation, unless it remembers one. */
  public void rememberDerivation(ByteString path) {
    remember(before -> before.derivation().isPresent() ? before : before.of(path));
  }

  private void remember(UnaryOperator<Remembered> change) {
    Optional<Remembered> before = remembered();
    Optional<Remembered> after = before.map(change);
    if (!after.equals(before)) {
      replace(REMEMBERED, after.get().file());
    }
  }

  private void replace(ByteString name, byte[] content) {
    try {
      WholeFile.replace(directory, name, content);
    } catch (ErrnoException e) {
      throw e.failure("cannot write in " + directory.place(), REMEDY);
    }
  }

  /**
   * Makes its directories, but for those of the store.
   *
   * @param owner the build user, when root runs the tool
   */
  void furnish(Optional<Owner> owner) throws ErrnoException {
    make("build", 0700, owner);
    make("tmp", 01777, Optional.empty());
    make("root", 0755, Optional.empty());
  }

  /**
   * Makes the directory for the mount points of a session that shows some store paths.
   *
   * @throws Failure when it cannot be made
   */
  public void makeView(Optional<Owner> owner) {
    try {
      makeStore();
      make(VIEW, ShownStore.VIEW_MODE, rootOfGroup(owner));
    } catch (ErrnoException e) {
      throw e.failure("cannot write in " + directory.place(), REMEDY);
    }
  }

  /**
   * Makes the directories of a session that shows the whole store.
   *
   * @throws Failure when they cannot be made
   */
  public void makeLayers(Optional<Owner> owner) {
    try {
      makeStore();
      make(UPPER, 01775, rootOfGroup(owner));
      make("store/work", 0700, owner);
    } catch (ErrnoException e) {
      throw e.failure("cannot write in " + directory.place(), REMEDY);
    }
  }

  private void makeStore() throws ErrnoException {
    if (!has(STORE)) {
      make("store", 0755, Optional.empty());
    }
  }

  private static Optional<Owner> rootOfGroup(Optional<Owner> owner) {
    return owner.map(o -> new Owner(0, o.gid()));
  }

  /**
   * Makes empty directories within this session for a sandbox that runs before the caller's.
   *
   * @return to be closed before {@link #removeInner}
   */
  public Session inner(Optional<Owner> owner) {
    try {
      make(INNER.latin1(), 0755, Optional.empty());
      Directory inner = directory.openDirectory(INNER);
      Session session = new Session(inner, inner.openOrCreateFile(LOCK, 0600));
      session.furnish(owner);
      return session;
    } catch (ErrnoException e) {
      throw e.failure("cannot write in " + directory.place(), REMEDY);
    }
  }

  /**
   * Deletes what {@link #inner} has made.
   *
   * @throws Failure when not all of it can be deleted
   */
  public void removeInner() {
    TreeRemoval.remove(directory, INNER)
        .ifPresent(
            left -> {
              throw left.failure();
            });
  }

  /**
   * Stores a file beside the sandbox's directories, where no program inside can change it.
   *
   * @throws Failure when it cannot be written
   */
  public void store(ByteString name, ByteString content) {
    try {
      TreeRemoval.remove(directory, name);
      write(name, content.bytes());
    } catch (ErrnoException e) {
      throw e.failure("cannot write in " + directory.place(), REMEDY);
    }
  }

  /** Returns what {@link #store} has stored; empty when that was nothing. */
  public Optional<ByteString> stored(ByteString name) {
    return FileContent.read(directory, name, LARGEST_STORED) instanceof FileContent.Bytes file
        ? Optional.of(ByteString.of(file.bytes()))
        : Optional.empty();
  }

  /**
   * Names the files of a GC root, for Nix's programs.
   *
   * @param expression a path
   * @param link a path
   */
  public record RootPlace(String expression, String link) {}

  /** Returns where the GC root goes; empty when the locale cannot spell the path for a program. */
  public Optional<RootPlace> rootPlace() {
    String path = path().toString();
    Charset locale = Charset.forName(System.getProperty("sun.jnu.encoding"));
    return ByteString.of(path.getBytes(locale)).equals(path())
        ? Optional.of(new RootPlace(path + "/" + ROOT_EXPRESSION, path + "/" + ROOT))
        : Optional.empty();
  }

  /** Returns what it shows of the store; empty when that is all. */
  public Optional<ShownStore> shownStore() {
    return ShownStore.of(directory);
  }

  /** Decides whether there is a GC root. */
  public boolean hasRoot() {
    return has(ByteString.of(ROOT));
  }

  /**
   * Stores the expression of the GC root, in place of an earlier one.
   *
   * @throws Failure when it cannot be written
   */
  public void storeRoot(ByteString expression) {
    replace(ROOT_EXPRESSION, expression.bytes());
  }

  /**
   * Makes a path of directories below the sandbox's {@code /tmp}, as a mount point. Only for a new
   * session: later the command may have put links there.
   *
   * @param names of the directories, outermost first
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
   * Deletes what an earlier run made for the sandbox's root directory, and makes it anew. Only root
   * needs that, whose skeleton is on disk. As with Nix, root of a range owns {@code /} and {@code
   * /etc}.
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
   * Marks the copy as complete: from now on a change is an edit.
   *
   * @throws Failure when that cannot be written
   */
  public void markStaged() {
    try (Descriptor file = directory.createFile(STAGED, 0600)) {
      file.setMode(0600);
      file.changeLater(file.status().changed());
    } catch (ErrnoException e) {
      throw e.failure("cannot write in " + directory.place(), REMEDY);
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
   * Decides whether the build directory, /tmp or the store was changed since the session was
   * staged. A session that never was staged has no changes. In doubt the answer is yes.
   *
   * @param stop asked at every file; when it says yes, there is doubt
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
        // The file only saves the next search.
      }
    }
    return changed;
  }

  /** Makes the session stay, whether or not something is changed in it. */
  public void keep() {
    store(EDITED, ByteString.EMPTY);
  }

  /** Notes that a run uses it once more, for those who look for the newest or for old ones. */
  public void markUsed() {
    if (isKnownToBeChanged()) {
      keep();
    }
  }

  /** Decides whether an earlier search has found changes. */
  boolean isKnownToBeChanged() {
    return has(EDITED);
  }

  private boolean hasChanges(BooleanSupplier stop) {
    try (Directory build = directory.openDirectory(ByteString.of("build"));
        Directory tmp = directory.openDirectory(ByteString.of("tmp"))) {
      Changes changes =
          new Changes(lock.status().changed(), directory.status(STAGED).changed(), stop);
      return changes.in(build, Set.of(OWN)) || changes.in(tmp) || hasChangesInStore(changes);
    } catch (ErrnoException | Failure e) {
      return true;
    }
  }

  private boolean hasChangesInStore(Changes changes) throws ErrnoException {
    Optional<ShownStore> shown = shownStore();
    try (Directory store = directory.openDirectory(ByteString.of(shown.isEmpty() ? UPPER : VIEW))) {
      // Mount points may be older than the session.
      return changes.in(store, shown.map(it -> Set.copyOf(it.entries().names())).orElse(Set.of()));
    }
  }

  /** Releases the lock; the files stay. */
  @Override
  public void close() {
    lock.close();
    directory.close();
  }
}
