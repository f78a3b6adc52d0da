package nixbuildshell.enter;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnifiedDiffTest {
  private UnifiedDiff diff;

  @BeforeEach
  void open() {
    Path program =
        Stream.of("/usr/bin/diff", "/bin/diff", "/run/current-system/sw/bin/diff")
            .map(Path::of)
            .filter(Files::isExecutable)
            .findFirst()
            .orElseThrow();
    diff = UnifiedDiff.open(program);
  }

  @AfterEach
  void close() {
    diff.close();
    assertEquals(false, Files.exists(diff.scratch()));
  }

  private static Optional<byte[]> text(String latin1) {
    return Optional.of(latin1.getBytes(StandardCharsets.ISO_8859_1));
  }

  @Test
  void aChangedANewAndADeletedFile() {
    ByteString name = new ByteString("d/f\u00ff");
    assertEquals(
        "--- a/d/f\u00ff\n+++ b/d/f\u00ff\n@@ -1,2 +1,2 @@\n same\n-old\u00e9\n+new\n"
            + "\\ No newline at end of file\n",
        diff.of(name, text("same\nold\u00e9\n"), text("same\nnew")).latin1());
    assertEquals(
        "--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+new\n",
        diff.of(ByteString.of("x"), Optional.empty(), text("new\n")).latin1());
    assertEquals(
        "--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-old\n",
        diff.of(ByteString.of("x"), text("old\n"), Optional.empty()).latin1());
    assertEquals(ByteString.EMPTY, diff.of(name, text("a\n"), text("a\n")));
  }

  /** The content may look like the header of a patch. */
  @Test
  void onlyTheHeaderIsReplaced() {
    assertEquals(
        "--- a/x\n+++ b/x\n@@ -1 +1 @@\n--- x\n+++ y\n",
        diff.of(ByteString.of("x"), text("-- x\n"), text("++ y\n")).latin1());
  }

  @ParameterizedTest
  @CsvSource({
    "a/b, a/b",
    "a/two words, 'a/two words\t'",
    "a/\u00e9, a/\u00e9",
    "'a/quote\"', '\"a/quote\\\"\"'",
    "a/back\\slash, '\"a/back\\\\slash\"'",
    "'a/new\nline', '\"a/new\\012line\"'",
    "'a/tab\t\u00ff', '\"a/tab\\011\\377\"'",
  })
  void namesAreWhatPatchReads(String name, String quoted) {
    assertEquals(quoted, UnifiedDiff.quoted(name));
  }
}
