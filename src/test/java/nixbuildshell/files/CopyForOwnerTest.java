package nixbuildshell.files;

import static nixbuildshell.files.Fixture.name;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import nixbuildshell.session.Remembered;
import nixbuildshell.session.Sample;
import nixbuildshell.session.Session;
import nixbuildshell.session.Sessions;
import nixbuildshell.session.WorkingCopy;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks that root copies for a build user only what this user could read. */
class CopyForOwnerTest {
  private static final Owner OWNER = new Owner(30001, 30000);

  @TempDir Path temporary;
  private Path source;
  private Path target;

  @BeforeEach
  void make() throws Exception {
    source = Files.createDirectory(temporary.resolve("source"));
    target = Files.createDirectory(temporary.resolve("target"));
  }

  @ParameterizedTest
  @CsvSource({
    "7, REGULAR, 0000, true",
    "7, DIRECTORY, 0000, true",
    "0, REGULAR, 0600, false",
    "0, REGULAR, 0640, false",
    "0, REGULAR, 0711, false",
    "0, REGULAR, 0004, true",
    "0, DIRECTORY, 0750, false",
    "0, DIRECTORY, 0754, false",
    "0, DIRECTORY, 0751, false",
    "0, DIRECTORY, 0755, true",
    "8, REGULAR, 0600, false",
  })
  void aFileOfAnotherUserMustBeReadableForAll(long uid, FileType type, String mode, boolean may) {
    Status.Time time = new Status.Time(0, 0);
    int bits = Integer.parseInt(mode, 8);
    Status status =
        new Status(type, bits, uid, 7, 1, 0, 0, 0, 0, time, time, time, Optional.empty(), false);
    assertEquals(may, TreeCopy.mayRead(Optional.of(new Owner(7, 0)), status));
    assertTrue(TreeCopy.mayRead(Optional.empty(), status));
  }

  /** Makes files of root, of the owner and of a third user, in {@code source} and in a tree. */
  private void filesOfMany() throws Exception {
    assumeTrue(Fixture.root(), "only root can give files away");
    Fixture.run(
        "sh",
        "-euc",
        String.join(
            "\n",
            "umask 077; cd \"$0\"",
            "for who in 0 30001 30002; do",
            "  mkdir d$who; echo x >d$who/open; echo x >f$who; chmod 644 d$who/open",
            "  chown $who d$who f$who",
            "done",
            "ln f0 f0-again; ln -s f0 link; mkdir public; echo x >public/open; echo x >public/shut",
            "chmod 755 public; chmod 644 public/open"),
        source.toString());
  }

  private TreeCopy copy() {
    return new TreeCopy(Optional.of(OWNER), (f, b) -> {}, () -> false, "");
  }

  private List<String> copied() throws Exception {
    return Fixture.run("find", target.toString(), "-mindepth", "1", "-printf", "%P\n")
        .lines()
        .sorted()
        .toList();
  }

  private static String missed(TreeCopy.Result result) {
    return result.missed().stream()
        .map(m -> m.path().toString())
        .sorted()
        .collect(Collectors.joining(" "));
  }

  @Test
  void aDirectoryShowsWhatItsOwnerMayRead() throws Exception {
    filesOfMany();
    Fixture.run("chown", "30002", source.toString());
    try (Directory from = Fixture.open(source);
        Directory to = Fixture.open(target)) {
      TreeCopy.Result result = copy().contents(from, to);
      assertEquals("d0 d30001 f0 f0-again f30001 public/shut", missed(result));
      assertTrue(
          result
              .missed()
              .contains(
                  new TreeCopy.Missed(
                      name("f0"), "it belongs to user 0, and not all users may read it")));
    }
    assertEquals(
        List.of("d0", "d30001", "d30002", "d30002/open", "f30002", "link", "public", "public/open"),
        copied());
  }

  @Test
  void anEntryShowsWhatTheNewOwnerMayRead() throws Exception {
    filesOfMany();
    try (Directory from = Fixture.open(temporary);
        Directory to = Fixture.open(target)) {
      Fixture.run("chmod", "755", source.toString());
      TreeCopy.Result result = copy().entry(from, name("source"), to);
      assertEquals(
          "source/d0 source/d30002 source/f0 source/f0-again source/f30002 source/public/shut",
          missed(result));
    }
    assertTrue(copied().containsAll(List.of("source/f30001", "source/d30001/open")));
  }

  @Test
  void anOutputThatCannotBeCopiedIsNotMarked() throws Exception {
    filesOfMany();
    Remembered remembered = Sample.remembered(Remembered.Kind.COMMAND, name("/x"), name("x"));
    try (Sessions sessions =
            Sessions.open(
                Fixture.FILES, v -> Optional.empty(), Optional.of(name(temporary.toString())));
        Session session = Sample.session(sessions, remembered, Optional.of(OWNER));
        Directory store = Fixture.open(source);
        Directory upper = session.open("store/upper")) {
      WorkingCopy copy = new WorkingCopy(session, copy());
      assertEquals("f0", missed(copy.copyOutput(store, name("f0"))));
      assertThrows(ErrnoException.class, () -> upper.status(name("f0")));
      copy.copyOutput(store, name("f30001"));
      assertFalse(upper.status(name("f30001")).uid() == 0);
    }
  }
}
