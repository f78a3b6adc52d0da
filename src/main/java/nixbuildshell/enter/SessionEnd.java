package nixbuildshell.enter;

import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import nixbuildshell.console.Messages;
import nixbuildshell.console.ProgressLine;
import nixbuildshell.files.TreeRemoval;
import nixbuildshell.session.FirstFiles;
import nixbuildshell.session.Remembered;
import nixbuildshell.session.Session;
import nixbuildshell.session.Sessions;
import nixbuildshell.session.SpareStores;
import nixbuildshell.terminal.SignalRelay;

/**
 * Deletes a session at the end of its run, or tells the caller that an interactive session with
 * changes stays. A process of its own deletes a large copy, so that the caller has the exit status
 * meanwhile.
 *
 * @param launcher has run sandboxes in the session
 * @param spares keeps its mount points
 * @param remover starts a process that deletes the rest of a large copy; says whether it could
 * @param changes says what was changed
 * @param tells whether to tell of a session that stays
 * @param terminal whether stderr is a terminal, which shows the progress
 */
record SessionEnd(
    Sessions sessions,
    Session session,
    Launcher launcher,
    SpareStores spares,
    BooleanSupplier remover,
    Remembered.Kind kind,
    Messages messages,
    SignalRelay signals,
    Function<BooleanSupplier, String> changes,
    boolean tells,
    boolean terminal)
    implements AutoCloseable {

  @Override
  public void close() {
    if (tellIfChanged()) {
      session.close();
      return;
    }
    launcher.leave();
    // A leftover is only told: the exit status is the command's.
    FirstFiles first = new FirstFiles();
    Optional<TreeRemoval.Leftover> left = sessions.delete(session, spares, first);
    if (first.stopped() && !remover.getAsBoolean()) {
      left = left.or(() -> unlessSignalled("deleting the working copy", sessions::removeGivenUp));
      if (signals.ending() != 0) {
        messages.note("not all of the working copy is deleted yet: the next run does that");
      }
    }
    left.ifPresent(it -> messages.failure(it.failure()));
  }

  /** Tells the caller of changes in an interactive session, and decides whether there are any. */
  boolean tellIfChanged() {
    signals.begin();
    if (kind != Remembered.Kind.INTERACTIVE
        || !unlessSignalled("looking for changes", session::isChanged)) {
      return false;
    }
    if (tells) {
      new Sessions.Kept(session.path(), true)
          .tell(messages, unlessSignalled("looking for changes", changes));
    }
    return true;
  }

  private <T> T unlessSignalled(String what, Function<BooleanSupplier, T> work) {
    long[] files = {0};
    try (ProgressLine progress = new ProgressLine(messages.stream(), terminal, what)) {
      return work.apply(
          () -> {
            progress.done(++files[0]);
            return signals.ending() != 0;
          });
    }
  }
}
