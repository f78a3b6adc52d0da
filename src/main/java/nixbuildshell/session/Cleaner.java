package nixbuildshell.session;

import java.util.ArrayList;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.TreeRemoval;
import nixbuildshell.files.TreeRemoval.Leftover;
import nixbuildshell.session.Sessions.Cleaned;
import nixbuildshell.session.Sessions.Kept;

/** Deletes what runs that are over have left. */
final class Cleaner {
  private final Sessions sessions;
  private final Directory base;
  private final BooleanSupplier stop;
  private final Cleaned cleaned = new Cleaned(new ArrayList<>(), new ArrayList<>());

  Cleaner(Sessions sessions, Directory base, BooleanSupplier stop) {
    this.stop = stop;
    this.sessions = sessions;
    this.base = base;
  }

  Cleaned clean() {
    try {
      for (ByteString name : sessions.names()) {
        if (stop.getAsBoolean()) {
          break;
        }
        if (name.startsWith(Sessions.GIVEN_UP)) {
          TreeRemoval.remove(base, name, stop).ifPresent(cleaned.leftovers()::add);
        } else if (!name.startsWith(".")) {
          sessions.exclusively(() -> takeAbandoned(name)).ifPresent(this::clean);
        }
      }
    } catch (ErrnoException e) {
      cleaned.leftovers().add(new Leftover(sessions.path(), e.why()));
    }
    return cleaned;
  }

  private Optional<Session> takeAbandoned(ByteString id) throws ErrnoException {
    try {
      // What was killed before it had a lock file is empty; what is not empty stays.
      base.removeDirectory(id);
      return Optional.empty();
    } catch (ErrnoException e) {
      return sessions.take(id);
    }
  }

  private void clean(Session session) {
    boolean known = session.isKnownToBeChanged();
    boolean stays = stays(session);
    if (stop.getAsBoolean()) {
      session.close();
    } else if (stays) {
      cleaned.kept().add(new Kept(session.id(), session.path(), session.about(), !known));
      session.close();
    } else {
      sessions.remove(session, stop).ifPresent(cleaned.leftovers()::add);
    }
  }

  private boolean stays(Session session) {
    About.Kind kind = session.about().map(About::kind).orElse(About.Kind.INTERACTIVE);
    return kind == About.Kind.INTERACTIVE && session.isStaged() && session.isChanged(stop);
  }
}
