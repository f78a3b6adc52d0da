package nixbuildshell.cli;

import nixbuildshell.ByteString;
import nixbuildshell.session.About;
import nixbuildshell.session.Session;

/**
 * What becomes of a session when its run is over, however that came: it is deleted, but an
 * interactive one in which something was changed stays, and the person is told.
 */
record SessionEnd(Session session, About about, Messages messages) implements AutoCloseable {

  @Override
  public void close() {
    if (about.kind() == About.Kind.INTERACTIVE && session.isChanged()) {
      session.close();
      tell(session.path(), about.origin(), messages);
    } else {
      session.delete();
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
