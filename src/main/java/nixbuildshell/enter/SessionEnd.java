package nixbuildshell.enter;

import java.util.function.BooleanSupplier;
import java.util.function.Function;
import nixbuildshell.console.Messages;
import nixbuildshell.console.ProgressLine;
import nixbuildshell.session.Remembered;
import nixbuildshell.session.Session;
import nixbuildshell.session.Sessions;
import nixbuildshell.terminal.SignalRelay;

/**
 * Deletes a session at the end of its run, or tells the caller that an interactive session with
 * changes stays. A signal stops both, and the next run deletes the rest.
 *
 * @param changes says what was changed
 * @param tells whether to tell of a session that stays
 * @param terminal whether stderr is a terminal, which shows the progress
 */
record SessionEnd(
    Sessions sessions,
    Session session,
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
    // A leftover is only told: the exit status is the command's.
    unlessSignalled("deleting the working copy", stop -> sessions.delete(session, stop))
        .ifPresent(left -> messages.failure(left.failure()));
    if (signals.ending() != 0) {
      messages.note("not all of the working copy is deleted yet: the next run does that");
    }
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
