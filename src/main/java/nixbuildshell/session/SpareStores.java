package nixbuildshell.session;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.Answers;
import nixbuildshell.files.Dated;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.Listing;
import nixbuildshell.files.Owner;
import nixbuildshell.files.Status;
import nixbuildshell.files.TreeRemoval;

/**
 * Keeps the mount points of sessions that end, for later ones that show the same store paths: to
 * make a thousand of them on disk takes from 30 to 400 ms, and as long to remove them, while a
 * directory is moved at once.
 *
 * <p>They lie in {@code .stores}, beside the sessions. What cannot be kept or used is no failure:
 * then mount points are removed, and made.
 */
public final class SpareStores {
  /** Keeps none. */
  public static final SpareStores NONE =
      new SpareStores(Optional.empty(), Optional.empty(), name -> name);

  private static final ByteString NAME = ByteString.of(".stores");
  private static final ByteString LEFT = ByteString.of("left");

  /** The number of stores, and of bytes that name their store paths: 30,000 have some 2 MB. */
  private static final int MOST = 8;

  private static final long MOST_BYTES = 2_000_000;

  private static final Pattern NAMED = Pattern.compile("\\d{1,9}-[0-9a-f]+(-\\d+)?");

  private final Optional<Directory> base;
  private final Optional<Owner> owner;
  private final UnaryOperator<ByteString> givenUp;

  private SpareStores(
      Optional<Directory> base, Optional<Owner> owner, UnaryOperator<ByteString> givenUp) {
    this.base = base;
    this.owner = owner;
    this.givenUp = givenUp;
  }

  /**
   * Returns the stores that are kept beside the sessions.
   *
   * @param base the directory of the sessions. Only the caller can write to it
   * @param owner the build user, when root runs the tool
   * @param givenUp returns a name in the base for what is to be deleted
   */
  static SpareStores in(Directory base, Optional<Owner> owner, UnaryOperator<ByteString> givenUp) {
    return new SpareStores(Optional.of(base), owner, givenUp);
  }

  /**
   * Gives a session that has no store yet the one for some store paths.
   *
   * @param paths the content of the file that names them
   * @return whether there was one
   */
  boolean take(Session session, byte[] paths) {
    if (base.isEmpty()) {
      return false;
    }
    Directory directory = session.directory();
    ByteString name = name(paths);
    try (Directory spares = base.get().openDirectory(NAME)) {
      try {
        spares.move(name, directory, Session.STORE);
      } catch (ErrnoException e) {
        makeRoom(spares, paths.length);
        return false;
      }
      if (ShownStore.isPristine(directory)
          && ShownStore.paths(directory).map(this::name).filter(name::equals).isPresent()) {
        return true;
      }
    } catch (ErrnoException e) {
      // It is not whole, or there is none at all.
    }
    TreeRemoval.remove(directory, Session.STORE);
    return false;
  }

  /**
   * Keeps the store of a session that is about to be removed and in which nothing runs any more,
   * unless that was the whole store.
   */
  public void give(Session session) {
    Directory directory = session.directory();
    try {
      Optional<byte[]> paths = base.isEmpty() ? Optional.empty() : ShownStore.paths(directory);
      if (paths.isPresent() && (ShownStore.isPristine(directory) || tidy(session))) {
        try (Directory spares = base.get().openOrMakeDirectory(NAME)) {
          directory.move(Session.STORE, spares, name(paths.get()));
        }
      }
    } catch (ErrnoException | Failure e) {
      // Another run has given the same, for instance. It is removed with the session.
    }
  }

  /**
   * Moves what was made among the mount points out of the way, for the removal of the session.
   *
   * @return whether the mount points are as they were made. A link, over which nothing is mounted,
   *     may be another one, and a directory can have got other permissions or attributes
   */
  private static boolean tidy(Session session) throws ErrnoException {
    ShownStore shown = session.shownStore().orElseThrow();
    if (shown.entries().hasLinks()) {
      return false;
    }
    session.directory().makeDirectory(LEFT, 0700);
    try (Directory view = session.open(Session.VIEW);
        Directory left = session.directory().openDirectory(LEFT)) {
      Set<ByteString> points = new HashSet<>(shown.entries().names());
      for (ByteString name : Listing.names(view)) {
        if (!points.contains(name)) {
          view.moveShut(name, left);
        }
      }
      Status status = view.self().status();
      if ((status.mode() & 07777) != ShownStore.VIEW_MODE || view.self().hasAttributes()) {
        return false;
      }
      ShownStore.markPristine(session.directory());
      return true;
    }
  }

  /** Names a store by its length and checksum. For root, the group of the view is the user's. */
  private ByteString name(byte[] paths) {
    String group = owner.map(user -> "-" + user.gid()).orElse("");
    return ByteString.of(paths.length + "-" + Answers.checksum(paths, 0) + group);
  }

  /** Gives the oldest stores up, so that there is room for one more. */
  private void makeRoom(Directory spares, long more) throws ErrnoException {
    List<Dated> all = Dated.oldestFirst(spares, Status::changed);
    long bytes = more;
    for (Dated each : all) {
      bytes += bytes(each.name());
    }
    for (int i = 0; i < all.size() && (all.size() - i >= MOST || bytes > MOST_BYTES); i++) {
      ByteString name = all.get(i).name();
      bytes -= bytes(name);
      spares.move(name, base.get(), givenUp.apply(name));
    }
  }

  /** Returns the length in a store's name; for another file, enough to give it up. */
  private static long bytes(ByteString name) {
    String text = name.latin1();
    return NAMED.matcher(text).matches()
        ? Long.parseLong(text.substring(0, text.indexOf('-')))
        : MOST_BYTES;
  }
}
