package nixbuildshell.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.files.Fixture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShellDirectoryTest {
  @TempDir Path temporary;
  private Sessions sessions;
  private Session session;
  private Path build;

  @BeforeEach
  void open() {
    sessions =
        Sessions.open(
            Fixture.FILES,
            variable -> Optional.empty(),
            Optional.of(ByteString.of(temporary.toString())));
    session =
        Sample.session(
            sessions,
            Sample.remembered(Remembered.Kind.INTERACTIVE, ByteString.of("/x"), ByteString.of("x")),
            Optional.empty());
    build = Path.of(session.path().toString(), "build");
  }

  @AfterEach
  void close() throws Exception {
    session.close();
    sessions.close();
    Fixture.run("chmod", "-R", "u+rwX", temporary.toString());
  }

  /** A build, or the caller in an earlier shell, has left something where the files are to be. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        ": | ''",
        "ln -s ../../outside .nix-build-shell | .nix-build-shell.moved-1",
        "ln -s /dev/full .nix-build-shell | .nix-build-shell.moved-1",
        "echo >.nix-build-shell; echo >.nix-build-shell.moved-1 | .nix-build-shell.moved-2",
        "mkfifo .nix-build-shell | .nix-build-shell.moved-1",
        "mkdir -m 0 .nix-build-shell | ''",
        "mkdir .nix-build-shell; chmod 500 .nix-build-shell . | ''",
        "mkdir .nix-build-shell; ln -s ../../../outside .nix-build-shell/shell"
            + " | .nix-build-shell/shell.moved-1",
        "mkdir .nix-build-shell; mkfifo .nix-build-shell/shell | .nix-build-shell/shell.moved-1",
        "mkdir -p .nix-build-shell/shell/d; echo >.nix-build-shell/shell/d/x;"
            + " ln -s /etc/passwd .nix-build-shell/shell/start.bash;"
            + " chmod 0 .nix-build-shell/shell/d .nix-build-shell/shell | ''",
      })
  void whatStandsInTheWayIsMovedAside(String before, String moved) throws Exception {
    Path outside = Files.createDirectory(temporary.resolve("outside"));
    Fixture.run("sh", "-euc", "cd " + build + "; " + before);
    ShellDirectory directory = new ShellDirectory(session, Optional.empty());
    directory.fill(Map.of("start.bash", ByteString.of("one")), name -> false);
    directory.fill(
        Map.of("start.bash", ByteString.of("two"), "facts.bash", ByteString.EMPTY), name -> false);
    Path shell = build.resolve(".nix-build-shell/shell");
    assertEquals("two", Files.readString(shell.resolve("start.bash")));
    try (var all = Files.list(shell)) {
      assertEquals(2, all.count());
    }
    try (var all = Files.list(outside)) {
      assertEquals(0, all.count());
    }
    if (!moved.isEmpty()) {
      assertFalse(Files.isDirectory(build.resolve(moved), java.nio.file.LinkOption.NOFOLLOW_LINKS));
      assertEquals(
          true, Files.exists(build.resolve(moved), java.nio.file.LinkOption.NOFOLLOW_LINKS));
    }
  }

  /** A program may have left anything under the name of a file that stays. */
  @Test
  void whatIsKeptIsAFile() throws Exception {
    ShellDirectory directory = new ShellDirectory(session, Optional.empty());
    directory.fill(Map.of("start.bash", ByteString.of("one")), name -> false);
    Path shell = build.resolve(".nix-build-shell/shell");
    Fixture.run(
        "sh", "-euc", "cd " + shell + "; echo >kept-1; ln -s / kept-2; mkdir kept-3; echo >x");
    directory.fill(Map.of("start.bash", ByteString.of("two")), name -> name.startsWith("kept"));
    try (var all = Files.list(shell)) {
      assertEquals(
          Set.of("start.bash", "kept-1"),
          all.map(file -> file.getFileName().toString()).collect(Collectors.toSet()));
    }
  }

  /** What a program leaves is read only where it is a file of no great size. */
  @Test
  void whatIsReadIsAFile() throws Exception {
    ShellDirectory directory = new ShellDirectory(session, Optional.empty());
    assertEquals(Optional.empty(), directory.read("history", 9));
    directory.fill(Map.of("history", ByteString.of("ls\n")), name -> false);
    assertEquals(Optional.of(ByteString.of("ls\n")), directory.read("history", 9));
    assertEquals(Optional.empty(), directory.read("history", 2));
    String hostile =
        "cd %s; rm history; ln -s /etc/passwd history; mkfifo result"
            .formatted(build.resolve(".nix-build-shell/shell"));
    Fixture.run("sh", "-euc", hostile);
    assertEquals(Optional.empty(), directory.read("history", 1 << 20));
    assertEquals(Optional.empty(), directory.read("result", 1 << 20));
  }

  /** What the tool itself writes is no change of the caller's. */
  @Test
  void theFilesAreNoChange() {
    ShellDirectory directory = new ShellDirectory(session, Optional.empty());
    directory.fill(Map.of("start.bash", ByteString.of("one")), name -> false);
    session.markStaged();
    directory.fill(Map.of("start.bash", ByteString.of("two")), name -> false);
    assertFalse(session.isChanged(() -> false));
  }
}
