package nixbuildshell.enter;

import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.console.Messages;
import nixbuildshell.console.ProgressLine;
import nixbuildshell.console.ShellWord;
import nixbuildshell.session.About;
import nixbuildshell.session.Session;
import nixbuildshell.terminal.SignalRelay;

/**
 * What becomes of a session when its run is over, however that came: it is deleted, but an
 * interactive one in which something was changed stays, and the person is told. A signal that comes
 * meanwhile ends that too: what is left is the next run's to delete.
 *
 * @param terminal whether stderr is one, to say on it how far this is
 */
record SessionEnd(
    Session session, About about, Messages messages, SignalRelay signals, boolean terminal)
    implements AutoCloseable {

  @Override
  public void close() {
    signals.begin();
    if (about.kind() == About.Kind.INTERACTIVE && isChanged()) {
      session.close();
      tell(session.path(), about.origin(), messages);
      return;
    }
    try {
      unlessSignalled("deleting the working copy", session::delete);
      if (signals.ending() != 0) {
        messages.note("not all of the working copy is deleted yet: the next run does that");
      }
    } catch (Failure e) {
      // The exit code is the command's all the same.
      messages.failure(e);
    }
  }

  private boolean isChanged() {
    boolean[] changed = {true};
    unlessSignalled("looking for changes", stop -> changed[0] = session.isChanged(stop));
    return changed[0];
  }

  private void unlessSignalled(String what, Consumer<BooleanSupplier> work) {
    long[] files = {0};
    try (ProgressLine progress = new ProgressLine(messages.stream(), terminal, what)) {
      work.accept(
          () -> {
            progress.done(++files[0]);
            return signals.ending() != 0;
          });
    }
  }

  /** How to come back, to compare and to delete. */
  static void tell(ByteString path, ByteString origin, Messages messages) {
    String session = ShellWord.quote(path);
    messages.note("your changes are kept in " + path);
    messages.note("  come back with  nix-build-shell " + workDirectory(path) + session);
    messages.note(
        "  compare with    diff -r "
            + ShellWord.quote(origin)
            + " "
            + ShellWord.quote(path.plus("/build")));
    messages.note("  delete with     rm -rf " + session);
  }

  /**
   * The option without which a session outside of the home directory would not be found again. Its
   * base is a directory in the one that the option names.
   */
  private static String workDirectory(ByteString path) {
    String base = path.latin1().substring(0, path.latin1().lastIndexOf('/'));
    int slash = base.lastIndexOf('/');
    return base.endsWith("/nix-build-shell")
        ? ""
        : "--work-dir " + ShellWord.quote(new ByteString(base.substring(0, slash))) + " ";
  }
}
