package nixbuildshell.session;

import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.Status;

/** Looks for the session that a directory is. */
final class SessionFinder {
  private static final int LOCK_TRIES = 10;

  private final Sessions sessions;
  private final Directory base;

  SessionFinder(Sessions sessions, Directory base) {
    this.sessions = sessions;
    this.base = base;
  }

  /**
   * The session that an opened directory is, locked, to work in it in place; empty when it is none.
   *
   * @throws Failure when another run uses it
   */
  Optional<Session> find(Directory opened) {
    try {
      Status wanted = opened.self().status();
      for (ByteString id : sessions.ids()) {
        if (isAt(id, wanted)) {
          return enter(id);
        }
      }
      return Optional.empty();
    } catch (ErrnoException e) {
      throw e.failure("cannot look into " + base.place(), "");
    }
  }

  private boolean isAt(ByteString id, Status wanted) throws ErrnoException {
    try {
      return base.status(id).same(wanted);
    } catch (ErrnoException e) {
      if (e.missing()) {
        return false;
      }
      throw e;
    }
  }

  /** A cleaner holds the lock too while it looks for changes: so it is worth trying again. */
  private Optional<Session> enter(ByteString id) throws ErrnoException {
    for (int i = 0; i < LOCK_TRIES; i++) {
      Optional<Session> session = sessions.exclusively(() -> sessions.take(id));
      if (session.isPresent() && session.get().about().isPresent()) {
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
    try (Directory directory = base.openDirectory(id)) {
      directory.status(Session.LOCK);
      return true;
    } catch (ErrnoException e) {
      return false;
    }
  }
}
