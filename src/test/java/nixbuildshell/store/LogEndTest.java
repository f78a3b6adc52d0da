package nixbuildshell.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests what a build log says of a failure. */
class LogEndTest {
  private static final Instant FAILED = KeptFiles.FAILED;

  private static LogText text(String log) throws IOException {
    return LogText.of(new ByteArrayInputStream(log.getBytes(StandardCharsets.ISO_8859_1)));
  }

  private static Optional<String> phase(String log) throws IOException {
    return text(log).phase();
  }

  private static String set(String phase) {
    return "@nix { \"action\": \"setPhase\", \"phase\": \"" + phase + "\" }\n";
  }

  private static Pairing.Log log(long milliseconds) {
    return new Pairing.Log(
        TestStore.path("d1", "probe-1.0.drv"), Optional.empty(), FAILED.plusMillis(milliseconds));
  }

  @Test
  void theLastPhaseIsTheOneThatTheLogNamesLast() throws IOException {
    assertEquals(Optional.empty(), phase(""));
    assertEquals(Optional.empty(), phase("hello\n"));
    assertEquals(Optional.of("buildPhase"), phase(set("unpackPhase") + set("buildPhase") + "x"));
    assertEquals(Optional.of("checkPhase"), phase(set("buildPhase") + set("checkPhase").strip()));
    assertEquals(Optional.of("a"), phase(set("a") + " " + set("b") + "x" + set("c")));
    assertEquals(Optional.of("my-odd.Phase"), phase(set("my-odd.Phase")));
  }

  @Test
  void thePhasesAndTheLastLinesAreThere() throws IOException {
    LogText text =
        text(set("unpackPhase") + "one\n\n" + set("buildPhase") + "\u00ff" + "x".repeat(2000));
    assertEquals(List.of("unpackPhase", "buildPhase"), text.phases());
    assertEquals(3, text.end().size());
    assertEquals("one", text.end().get(0).latin1());
    assertEquals("\u00ff" + "x".repeat(1023), text.end().get(2).latin1());
    text = text("line\n".repeat(50) + "last\n" + set("a").repeat(200) + set("b"));
    assertEquals(20, text.end().size());
    assertEquals("last", text.end().get(19).latin1());
    assertEquals(100, text.phases().size());
    assertEquals(Optional.of("b"), text.phase());
  }

  @Test
  void plainHeadersCountWhereThereIsNothingBetter() throws IOException {
    assertEquals(Optional.of("buildPhase"), phase("unpacking sources\nbuilding\nbuilding foo\n"));
    assertEquals(Optional.of("fixupPhase"), phase("post-installation fixup\nshrinking\n"));
    assertEquals(Optional.of("testPhase"), phase("Running phase: testPhase\n"));
    assertEquals(Optional.of("buildPhase"), phase(set("buildPhase") + "installing\n"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "@nix",
        "@nix {",
        "@nix []",
        "@nix {\"action\":\"setPhase\"}",
        "@nix {\"action\":\"setPhase\",\"phase\":7}",
        "@nix {\"action\":\"msg\",\"phase\":\"installPhase\"}",
        "@nix {\"action\":\"setPhase\",\"phase\":\"\"}",
        "@nix {\"action\":\"setPhase\",\"phase\":\"a b\"}",
        "@nix {\"action\":\"setPhase\",\"phase\":\"\\u001b[2J\"}",
        "@nix {\"action\":\"setPhase\",\"phase\":[[[[[[\"installPhase\"]]]]]]}",
        "@nix\u0000 \u00ff",
      })
  void whatIsNoSuchLineChangesNothing(String line) throws IOException {
    assertEquals(Optional.of("buildPhase"), phase(set("buildPhase") + line + "\n"));
  }

  @Test
  void longNamesAndLinesChangeNothing() throws IOException {
    for (int length : new int[] {61, 1024, 10_000_000}) {
      assertEquals(
          Optional.of("buildPhase"), phase(set("buildPhase") + set("x".repeat(length)) + "\n"));
    }
    assertEquals(Optional.of("x".repeat(60)), phase(set("x".repeat(60))));
  }

  @ParameterizedTest
  @CsvSource({
    "./configure: /bin/sh: bad interpreter: No such file or directory, true",
    "bash: line 1: /bin/sh: No such file or directory, true",
    "make: /bin/sh: Command not found, true",
    "sh: /bin/sh: not found, true",
    "env: '/bin/sh': No such file or directory, true",
    "bash: /usr/bin/sh: No such file or directory, false",
    "bash: /nix/store/x-y/bin/sh: No such file or directory, false",
    "checking for a shell... /bin/sh, false",
    "/bin/sh: line 1: foo: command not found, false",
  })
  void aComplaintAboutBinShIsFound(String line, boolean misses) throws IOException {
    assertEquals(misses, text("a\n" + line + "\nb\n").missesBinSh());
  }

  @ParameterizedTest
  @CsvSource({
    "/tmp/nix-build-a-1.0.drv-0/x, /tmp/nix-build-a-1.0.drv-0",
    "cd '/tmp/nix-build-a.drv-12', /tmp/nix-build-a.drv-12",
    "gcc -I/var/b/nix-build-a.drv-1/x, /var/b/nix-build-a.drv-1",
    "/var/b/nix-build-a.drv-1-2, ",
    "CC=/var/b/nix-build-a.drv-1:, /var/b/nix-build-a.drv-1",
    "/build/x /nix/store/d1-a.drv-0, ",
    "/tmp/nix-build-a.drv-0.old, ",
  })
  void directoriesOfTheHostAreFound(String line, String directory) throws IOException {
    Set<ByteString> found = directory == null ? Set.of() : Set.of(ByteString.of(directory));
    assertEquals(found, text(line + "\n").directories());
  }

  @ParameterizedTest
  @CsvSource({
    "0, buildPhase, buildPhase of a failed",
    "-224, buildPhase, buildPhase of a failed",
    "-1000, fixupPhase, fixupPhase of a failed",
    "0,, ",
    "4, buildPhase, a was stopped in buildPhase",
    "50,, a was stopped",
    "500, fixupPhase, a was stopped in fixupPhase",
    "501, buildPhase, ",
    "-1001, fixupPhase, the outputs of a were refused",
    "-43000,, the outputs of a were refused",
    "-43000, installCheckPhase, the outputs of a were refused",
    "-43000, buildPhase, ",
    "-3600001, fixupPhase, ",
  })
  void theTimesTellHowItEnded(long milliseconds, String phase, String sentence) {
    Optional<LogEnd> end =
        LogEnd.of(
            log(milliseconds),
            KeptFiles.named("nix-1-2").times(),
            EndOrder.UNKNOWN,
            () ->
                new LogText(
                    Optional.ofNullable(phase).stream().toList(), false, Set.of(), List.of()));
    assertEquals(Optional.ofNullable(sentence), end.flatMap(it -> it.sentence("a")));
  }

  /** With Nix 2.8, all of an end can be one tick of the clock. */
  @ParameterizedTest
  @CsvSource({
    "0, UNKNOWN, FAILED",
    "0, LOG_FIRST, FAILED",
    "0, DIRECTORY_FIRST, STOPPED",
    "4, UNKNOWN, STOPPED",
    "4, LOG_FIRST, FAILED",
    "-8, UNKNOWN, FAILED",
    "-8, DIRECTORY_FIRST, STOPPED",
    "-5000, LOG_FIRST, REFUSED",
    "-5000, DIRECTORY_FIRST, STOPPED",
    "501, LOG_FIRST,",
    "1000, DIRECTORY_FIRST, STOPPED",
    "1001, DIRECTORY_FIRST,",
  })
  void theOrderTellsMoreThanTheTimes(long milliseconds, EndOrder order, LogEnd.Kind kind) {
    assertEquals(
        Optional.ofNullable(kind),
        LogEnd.of(log(milliseconds), KeptFiles.named("nix-1-2").times(), order, () -> LogText.NONE)
            .map(LogEnd::kind));
  }

  @Test
  void aLogFromBeforeTheDirectoryIsAnothersAndIsNotRead() {
    KeptTimes kept =
        new KeptTimes("", Optional.empty(), Optional.empty(), Optional.of(FAILED), FAILED);
    assertTrue(
        LogEnd.of(
                log(-1),
                kept,
                EndOrder.UNKNOWN,
                () -> {
                  throw new AssertionError("it is read");
                })
            .isEmpty());
  }
}
