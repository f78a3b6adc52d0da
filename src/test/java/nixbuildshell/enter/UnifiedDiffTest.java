package nixbuildshell.enter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import org.junit.jupiter.api.io.TempDir;
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

  /** As stdenv's patchPhase does, by GNU patch: the file becomes what the session had. */
  @ParameterizedTest
  @CsvSource({
    "plain, 'a\nb\n', 'a\nc\n'",
    "d/two words, 'a\n', 'b\n'",
    "'quote\"', 'a\n', 'b\n'",
    "back\\slash, 'a\n', 'b\n'",
    "'new\nline', 'a\n', 'b\n'",
    "'tab\t', 'a\n', 'b\n'",
    "\u00e9\u00ff, '\u00e9\n', '\u00ff\n'",
    "no end, 'a', 'b'",
    "an end, 'a', 'a\n'",
    "CRLF, 'a\r\nb\r\n', 'a\r\nc\r\n'",
    "from CRLF, 'a\r\nb\r\n', 'a\nb\n'",
    "d/e/new, , 'a\n'",
    "new two, , 'a'",
    "gone, 'a\n', ",
    "d/gone two, 'a', ",
  })
  void patchAppliesIt(String name, String before, String after, @TempDir Path tree)
      throws Exception {
    // Java has names in the locale's encoding alone: a shell makes these.
    byte[] script =
        latin1("cd " + tree + "; mkdir d; f='" + name + "'; [ ! -e old ] || cat old >\"$f\"");
    Optional<byte[]> old = Optional.ofNullable(before).map(UnifiedDiffTest::latin1);
    Optional<byte[]> now = Optional.ofNullable(after).map(UnifiedDiffTest::latin1);
    if (old.isPresent()) {
      Files.write(tree.resolve("old"), old.get());
    }
    shell(script);
    Files.write(tree.resolve("patch"), diff.of(new ByteString(name), old, now).bytes());
    shell(
        latin1(
            "cd "
                + tree
                + "; patch --dry-run -s -p1 <patch; patch -s -p1 <patch; f='"
                + name
                + "'; [ ! -e \"$f\" ] || cat \"$f\" >result"));
    assertEquals(now.isPresent(), Files.exists(tree.resolve("result")));
    if (now.isPresent()) {
      assertArrayEquals(now.get(), Files.readAllBytes(tree.resolve("result")));
    }
  }

  private static void shell(byte[] script) throws Exception {
    Process sh = new ProcessBuilder("sh", "-eu").redirectErrorStream(true).start();
    try (var in = sh.getOutputStream()) {
      in.write(script);
    }
    String said = new String(sh.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    assertEquals(0, sh.waitFor(), said);
  }

  private static byte[] latin1(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
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
