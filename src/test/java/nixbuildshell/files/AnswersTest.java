package nixbuildshell.files;

import static nixbuildshell.files.Fixture.name;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import nixbuildshell.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnswersTest {
  private static final ByteString QUESTION = new ByteString("what\n\u00ff");
  private static final ByteString ANSWER = new ByteString("this\n\0\u00fe");

  @TempDir Path temporary;
  private Directory base;
  private Answers answers;

  @BeforeEach
  void open() throws Exception {
    base = Fixture.open(temporary);
    answers = Answers.in(base);
  }

  @AfterEach
  void close() {
    base.close();
  }

  private Path file() {
    return temporary.resolve(".answers").toFile().listFiles()[0].toPath();
  }

  private void expect(boolean known) {
    assertEquals(
        known ? Optional.of(ANSWER) : Optional.empty(), answers.get("kind", QUESTION), "answer");
  }

  @Test
  void keepsTheAnswerToAQuestionOfAKind() throws Exception {
    expect(false);
    answers.put("kind", QUESTION, name("old"));
    answers.put("kind", QUESTION, ANSWER);
    expect(true);
    assertEquals(Optional.empty(), answers.get("other", QUESTION));
    assertEquals(Optional.empty(), answers.get("kind", name("what")));
    assertEquals(1, temporary.resolve(".answers").toFile().list().length);
    assertEquals(
        "rwx------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(file().getParent())));
    Answers.NONE.put("kind", QUESTION, ANSWER);
    assertEquals(Optional.empty(), Answers.NONE.get("kind", QUESTION));
  }

  /** Whatever byte is another one, and wherever the file ends. */
  @Test
  void aDamagedFileIsNoAnswer() throws Exception {
    answers.put("kind", QUESTION, ANSWER);
    byte[] whole = Files.readAllBytes(file());
    for (int i = 0; i < whole.length; i++) {
      byte[] other = whole.clone();
      other[i] ^= 1;
      Files.write(file(), other);
      expect(false);
      try (FileChannel channel = FileChannel.open(file(), StandardOpenOption.WRITE)) {
        Files.write(file(), whole);
        channel.truncate(i);
      }
      expect(false);
    }
    Files.write(file(), whole);
    expect(true);
  }

  @Test
  void whatIsNoFileOfItsOwnIsNoAnswerAndGivesWay() throws Exception {
    answers.put("kind", QUESTION, ANSWER);
    Path file = file();
    Path moved = Files.move(file, temporary.resolve("moved"));
    Files.createSymbolicLink(file, moved);
    expect(false);
    answers.put("kind", QUESTION, ANSWER);
    expect(true);
    Files.delete(file);
    Fixture.run("mkfifo", file.toString());
    expect(false);
    Files.delete(file);
    Files.write(file, new byte[5 << 20]);
    expect(false);
    Files.delete(file);
    Files.createDirectory(file);
    expect(false);
    answers.put("kind", QUESTION, ANSWER);
    Files.delete(file);
    Files.delete(file.getParent());
    Files.createSymbolicLink(file.getParent(), temporary);
    answers.put("kind", QUESTION, ANSWER);
    expect(false);
    assertTrue(Files.notExists(temporary.resolve(file.getFileName())));
  }

  @Test
  void theOldestMakeRoom() throws Exception {
    for (int i = 0; i < 250; i++) {
      answers.put("kind", name("question " + i), ANSWER);
    }
    assertTrue(temporary.resolve(".answers").toFile().list().length <= 200);
    assertEquals(Optional.empty(), answers.get("kind", name("question 0")));
    assertEquals(Optional.of(ANSWER), answers.get("kind", name("question 249")));
    ByteString large = new ByteString("x".repeat(4_000_000));
    for (int i = 0; i < 12; i++) {
      answers.put("kind", name("large " + i), large);
    }
    Fixture.run("sh", "-c", "[ $(du -sk " + temporary + " | cut -f1) -le 34000 ]");
    answers.put("kind", QUESTION, new ByteString("x".repeat(5 << 20)));
    assertEquals(Optional.empty(), answers.get("kind", QUESTION));
  }
}
