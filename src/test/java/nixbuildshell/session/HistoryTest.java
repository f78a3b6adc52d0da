package nixbuildshell.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import nixbuildshell.ByteString;
import nixbuildshell.files.Fixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HistoryTest {
  @TempDir Path temporary;

  @Test
  void linesComeBackForTheDerivationOfThatName() throws IOException {
    try (Sessions sessions =
        Sessions.open(
            Fixture.FILES,
            variable -> Optional.empty(),
            Optional.of(ByteString.of(temporary.toString())))) {
      History history = sessions.history(ByteString.of("probe-1.0"));
      assertEquals(ByteString.EMPTY, history.lines());
      assertEquals(Optional.empty(), history.store(ByteString.of("make\nmake check\n")));
      assertEquals(ByteString.of("make\nmake check\n"), history.lines());
      assertEquals(Optional.empty(), history.store(ByteString.of("ls\n")));
      assertEquals(Optional.empty(), history.store(ByteString.EMPTY));
      assertEquals(ByteString.of("ls\n"), history.lines());
      assertEquals(ByteString.EMPTY, sessions.history(ByteString.of("../other")).lines());
      Path file = Path.of(sessions.path().toString(), ".history", "probe-1.0");
      assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
      sessions.clean(() -> false);
      assertEquals(ByteString.of("ls\n"), history.lines());
      Files.delete(file);
      Files.createSymbolicLink(file, Path.of("/etc/passwd"));
      assertEquals(ByteString.EMPTY, history.lines());
      assertEquals(Optional.empty(), history.store(ByteString.of("pwd\n")));
      assertEquals("pwd\n", Files.readString(file));
      assertTrue(Files.isRegularFile(file, java.nio.file.LinkOption.NOFOLLOW_LINKS));
    }
  }

  /** Each name that a derivation had leaves a file. */
  @Test
  void theOldestNamesGo() throws IOException {
    try (Sessions sessions =
        Sessions.open(
            Fixture.FILES,
            variable -> Optional.empty(),
            Optional.of(ByteString.of(temporary.toString())))) {
      Path directory = Files.createDirectory(Path.of(sessions.path().toString(), ".history"));
      for (int i = 0; i < 2 * History.MOST_FILES; i++) {
        Path file = Files.writeString(directory.resolve("old-" + i), "ls\n");
        Files.setLastModifiedTime(file, FileTime.fromMillis(1000L * i));
      }
      sessions.history(ByteString.of("probe-1.0")).store(ByteString.of("make\n"));
      try (var all = Files.list(directory)) {
        assertEquals(History.MOST_FILES, all.count());
      }
      assertEquals(ByteString.EMPTY, sessions.history(ByteString.of("old-0")).lines());
      assertEquals(
          ByteString.of("ls\n"),
          sessions.history(ByteString.of("old-" + (2 * History.MOST_FILES - 1))).lines());
    }
  }

  /** A program in the sandbox can write anything. */
  @Test
  void onlyTheLastLinesOfTextAreKept() {
    String many = IntStream.range(0, 3000).mapToObj(i -> i + "\n").collect(Collectors.joining());
    ByteString last = History.last(ByteString.of(many));
    assertEquals(History.MOST_LINES, last.latin1().lines().count());
    assertTrue(last.latin1().endsWith("\n2999\n"));
    ByteString long1 = ByteString.of("x".repeat(History.MOST_BYTES) + "\ny\n");
    assertEquals(ByteString.of("y\n"), History.last(long1));
    assertEquals(
        ByteString.of("a\tb\nü\n"),
        History.last(ByteString.of("a\tb\n\u001b]0;x\u0007\nü\nc\rd\n\u009b31m\n\nx\u0000y\n")));
  }
}
