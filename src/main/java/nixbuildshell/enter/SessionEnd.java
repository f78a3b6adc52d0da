package nixbuildshell.enter;

import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import nixbuildshell.console.Messages;
import nixbuildshell.console.ProgressLine;
import nixbuildshell.session.Remembered;
import nixbuildshell.session.Session;
import nixbuildshell.session.Sessions;
import nixbuildshell.terminal.SignalRelay;

/**
 * What becomes of a session when its run is over, however that came: it is deleted, but an
 * interactive one in which something was changed stays, and the person is told. A signal that comes
 * meanwhile ends that too: what is left is the next run's to delete.
 *
 * @param terminal whether stderr is one, to say on it how far this is
 */
record SessionEnd(
    Sessions sessions,
    Session session,
    Remembered remembered,
    Messages messages,
    SignalRelay signals,
    boolean terminal)
    implements AutoCloseable {

  @Override
  public void close() {
    signals.begin();
    if (remembered.kind() == Remembered.Kind.INTERACTIVE
        && unlessSignalled("looking for changes", session::isChanged)) {
      session.close();
      new Sessions.Kept(session.path(), Optional.of(remembered.origin()), true).tell(messages);
      return;
    }
    // The exit code is the command's, also when something could not be deleted.
    unlessSignalled("deleting the working copy", stop -> sessions.delete(session, stop))
        .ifPresent(left -> messages.failure(left.failure()));
    if (signals.ending() != 0) {
      messages.note("not all of the working copy is deleted yet: the next run does that");
    }
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
