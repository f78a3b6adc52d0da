package nixbuildshell.session;

import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.files.Owner;

/** Makes records and sessions of this room for tests of several rooms. */
public final class Sample {
  private Sample() {}

  /** Returns what a session of an ordinary build remembers. */
  public static Remembered remembered(Remembered.Kind kind, ByteString origin, ByteString name) {
    return new Remembered(
        kind,
        origin,
        name,
        Optional.empty(),
        Optional.of(ByteString.of("/nix/store/shell")),
        List.of(),
        List.of(),
        new Remembered.Sandbox(
            "loopback",
            "flat",
            ByteString.EMPTY,
            Optional.empty(),
            Optional.empty(),
            "/build",
            Optional.empty(),
            List.of()),
        Optional.empty());
  }

  /**
   * Makes a session that remembers something already, and shows the whole store.
   *
   * @param owner the build user, when root runs the tool
   */
  public static Session session(Sessions sessions, Remembered remembered, Optional<Owner> owner) {
    Session session = sessions.create(remembered.name(), owner);
    session.remember(remembered);
    session.makeLayers(owner);
    return session;
  }
}
