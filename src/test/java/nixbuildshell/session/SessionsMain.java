package nixbuildshell.session;

import java.util.Optional;
import nixbuildshell.files.Descriptor;
import nixbuildshell.files.Directory;
import nixbuildshell.files.Fixture;

/** Makes and deletes sessions many times: {@code SessionsMain WORK-DIR ROUNDS}. */
final class SessionsMain {
  private SessionsMain() {}

  public static void main(String[] args) throws Exception {
    for (int i = 0; i < Integer.parseInt(args[1]); i++) {
      try (Sessions sessions =
          Sessions.open(Fixture.FILES, v -> Optional.empty(), Optional.of(Fixture.name(args[0])))) {
        round(sessions);
      }
    }
    System.out.println("done");
  }

  private static void round(Sessions sessions) throws Exception {
    sessions.clean(() -> false);
    Remembered remembered =
        Sample.remembered(
            Remembered.Kind.COMMAND, Fixture.name("/kept"), Fixture.name("same-name-1.0"));
    Session session = Sample.session(sessions, remembered, Optional.empty());
    sessions.clean(() -> false);
    try (Directory build = session.open("build")) {
      try (Descriptor file = build.createFile(Fixture.name("file"), 0600)) {
        file.write(new byte[10]);
      }
    }
    session.markStaged();
    sessions.clean(() -> false);
    if (!session.remembered().equals(Optional.of(remembered)) || !session.isStaged()) {
      throw new AssertionError("another process has removed " + session.path());
    }
    try (Directory build = session.open("build")) {
      build.status(Fixture.name("file"));
    }
    if (sessions.delete(session, () -> false).isPresent()) {
      throw new AssertionError("cannot delete " + session.path());
    }
  }
}
