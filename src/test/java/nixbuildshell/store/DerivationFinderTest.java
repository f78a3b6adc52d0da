package nixbuildshell.store;

import static nixbuildshell.store.KeptFiles.FAILED;
import static nixbuildshell.store.TestStore.whole;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.Answers;
import nixbuildshell.files.Directory;
import nixbuildshell.files.FileContent;
import nixbuildshell.files.Fixture;
import nixbuildshell.store.DerivationFinder.Found;
import nixbuildshell.store.DerivationFinder.How;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DerivationFinderTest {
  private static final StorePath OUT_A = TestStore.path("aa", "probe-1.0");
  private static final StorePath OUT_B = TestStore.path("bb", "probe-1.0");
  private static final KeptFiles NAMED = KeptFiles.named("nix-build-probe-1.0.drv-0");
  private static final KeptFiles NAMELESS = KeptFiles.named("nix-4711-1234567");

  @TempDir Path root;
  private TestStore store;
  private DerivationFinder finder;

  @BeforeEach
  void makeStore() {
    store = new TestStore(root);
    finder = store.finder();
  }

  private void expect(StorePath path, How how, Optional<Found> found) {
    assertEquals(path, found.orElseThrow().path());
    assertEquals(how, found.get().how());
  }

  @Test
  void takesTheGivenDerivation() throws IOException {
    StorePath drv = store.derivation("d1", "probe-1.0", OUT_A);
    expect(drv, How.COMMAND_LINE, Optional.of(finder.given(ByteString.of(whole(drv)))));
    assertEquals(
        whole(drv) + " (given with --drv)", finder.given(ByteString.of(whole(drv))).describe());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "result           | cannot use --drv result: it is not absolute",
        "/tmp/x.drv       | cannot use --drv /tmp/x.drv: it is not in /nix/store",
        "P-x              | cannot use --drv P-x: it does not end in .drv",
        "P-.drv           | cannot use --drv P-.drv: it does not end in .drv",
        "P-gone.drv       | cannot read the derivation P-gone.drv: it does not exist",
        "P-bad.drv        | cannot read the derivation P-bad.drv: byte 0: expected 'Derive('",
        "P-dir.drv        | cannot read the derivation P-dir.drv: it is not a regular file",
        "P-link.drv       | cannot read the derivation P-link.drv: it is not a regular file",
      })
  void saysWhatIsWrongWithAGivenPath(String given, String message) throws IOException {
    String prefix = "/nix/store/" + TestStore.hash("d1");
    store.write(TestStore.path("d1", "bad.drv"), "hello");
    Files.createDirectory(root.resolve("store/" + TestStore.hash("d1") + "-dir.drv"));
    Files.createSymbolicLink(
        root.resolve("store/" + TestStore.hash("d1") + "-link.drv"), Path.of(TestStore.BASH));
    ByteString path = ByteString.of(given.replace("P", prefix));
    Failure failure = assertThrows(Failure.class, () -> finder.given(path));
    assertEquals(message.replace("P-", prefix + "-"), failure.getMessage());
  }

  @Test
  void findsItByAnOutputWhateverTheDirectoryIsNamed() throws IOException {
    store.derivation("d1", "probe-1.0", OUT_A);
    StorePath second = store.derivation("d2", "probe-1.0", OUT_B);
    for (KeptFiles kept : Set.of(NAMED, NAMELESS)) {
      Optional<Found> found = finder.find(kept, Set.of(OUT_B));
      expect(second, How.OUTPUT_PATH, found);
      assertEquals(
          whole(second) + " (found by the output path in env-vars)", found.get().describe());
      assertFalse(found.get().how().isGuess());
    }
  }

  @Test
  void findsItByANameThatIsUnique() throws IOException {
    StorePath drv = store.derivation("d1", "probe-1.0", OUT_A);
    store.derivation("d2", "big-probe-1.0", OUT_B);
    store.derivation("d3", "probe-1.0-dev", OUT_B);
    store.write(TestStore.path("d4", "probe-1.0"), "");
    Optional<Found> found = finder.find(NAMED, Set.of());
    expect(drv, How.DIRECTORY_NAME, found);
    assertEquals(
        whole(drv) + " (found by the directory's name; if that is wrong: --drv FILE)",
        found.get().describe());
    assertTrue(found.get().how().isGuess());
  }

  @ParameterizedTest
  @CsvSource({"'', 0", ".bz2, 0", ".bz2, -1000", ".bz2, 1000"})
  void amongSeveralOfANameTheLogDecides(String suffix, long milliseconds) throws IOException {
    StorePath first = store.derivation("d1", "probe-1.0", OUT_A);
    StorePath second = store.derivation("d2", "probe-1.0", OUT_B);
    StorePath other = store.derivation("d3", "other", OUT_B);
    store.log(first, ".bz2", FAILED.minusMillis(1001));
    store.log(second, suffix, FAILED.plusMillis(milliseconds));
    StorePath later = store.derivation("d4", "probe-1.0", TestStore.path("cc", "probe-1.0"));
    store.log(later, ".bz2", FAILED.plusMillis(1001));
    store.log(other, ".bz2", FAILED);
    expect(second, How.DIRECTORY_NAME_AND_LOG_TIME, finder.find(NAMED, Set.of()));
  }

  @Test
  void asksWhenTheLogDoesNotDecide() throws IOException {
    StorePath first = store.derivation("d1", "probe-1.0", OUT_A);
    StorePath second = store.derivation("d2", "probe-1.0", OUT_B);
    Failure none = assertThrows(Failure.class, () -> finder.find(NAMED, Set.of()));
    String what = "cannot tell which derivation left /tmp/nix-build-probe-1.0.drv-0: ";
    assertEquals(
        what
            + "several derivations have its name, and no build log fits: "
            + (whole(first) + ", " + whole(second)),
        none.getMessage());
    assertEquals(DerivationFinder.REMEDY, none.remedy());
    store.log(first, ".bz2", FAILED);
    store.log(second, ".bz2", FAILED.minusMillis(4));
    Failure two = assertThrows(Failure.class, () -> finder.find(NAMED, Set.of()));
    String fit = "the build logs of these fit it, the newest first: ";
    assertEquals(what + fit + whole(first) + ", " + whole(second), two.getMessage());
  }

  @Test
  void theLogOfOneAmongSeveralIsEnough() throws IOException {
    store.derivation("d1", "probe-1.0", OUT_A);
    StorePath built = store.derivation("d2", "probe-1.0", OUT_B);
    store.log(built, ".bz2", FAILED);
    store.log(TestStore.path("d3", "probe-1.0.drv"), ".bz2", FAILED); // Gone from the store.
    store.log(store.derivation("d4", "big-probe-1.0", OUT_A), "", FAILED);
    expect(built, How.DIRECTORY_NAME_AND_LOG_TIME, finder.find(NAMED, Set.of()));
  }

  /** It asks anew when the directory has changed, or when the derivation is gone. */
  @Test
  void remembersWhatItFound() throws Exception {
    StorePath first = store.derivation("d1", "probe-1.0", OUT_A);
    store.log(first, ".bz2", FAILED);
    try (Directory base = Fixture.open(Files.createDirectory(root.resolve("base")))) {
      DerivationFinder remembering =
          new DerivationFinder(
              finder.store(), List::of, Answers.in(base), derivation -> LogText.NONE);
      Optional<Found> found = remembering.find(NAMED, Set.of());
      expect(first, How.DIRECTORY_NAME_AND_LOG_TIME, found);
      expect(first, How.OUTPUT_PATH, remembering.find(NAMED, Set.of(OUT_A)));
      StorePath second = store.derivation("d2", "probe-1.0", OUT_B);
      store.log(second, ".bz2", FAILED);
      assertEquals(found, remembering.find(NAMED, Set.of()));
      Instant later = FAILED.plusSeconds(3600);
      store.log(second, ".bz2", later);
      expect(second, How.DIRECTORY_NAME_AND_LOG_TIME, remembering.find(NAMED.at(later), Set.of()));
      store.derivation("d1", "probe-1.0", OUT_B);
      expect(first, How.DIRECTORY_NAME_AND_LOG_TIME, remembering.find(NAMED, Set.of(OUT_A)));
      Files.delete(root.resolve("store").resolve(first.baseName()));
      assertEquals(second, remembering.find(NAMED, Set.of()).orElseThrow().path());
    }
  }

  /** Nix has one log for each derivation, that of the last build. */
  @Test
  void saysThatALaterBuildHasOverwrittenTheLog() throws IOException {
    StorePath rebuilt = store.derivation("d1", "probe-1.0", OUT_A);
    StorePath other = store.derivation("d2", "probe-1.0", OUT_B);
    store.log(rebuilt, ".bz2", FAILED.plusSeconds(60));
    store.log(other, ".bz2", FAILED.minusSeconds(60));
    // The file system knows no birth of the directory; that of the logs is now.
    KeptFiles later = NAMED.at(Instant.now().plusSeconds(3600));
    store.log(rebuilt, ".bz2", later.changed().plusSeconds(60));
    String lost =
        "a later build has overwritten the log that would tell, since Nix keeps one for each"
            + " derivation: "
            + whole(rebuilt);
    Failure named = assertThrows(Failure.class, () -> finder.find(later, Set.of()));
    assertEquals(
        "cannot tell which derivation left /tmp/nix-build-probe-1.0.drv-0: several derivations"
            + (" have its name, and " + lost),
        named.getMessage());
    KeptFiles nameless = NAMELESS.at(later.changed());
    assertEquals(Optional.empty(), finder.find(nameless, Set.of()));
    assertEquals(Optional.of("perhaps " + lost), finder.lostLog(nameless));
    // Its outputs are valid: no failure has overwritten it.
    Path output = root.resolve("store").resolve(OUT_A.baseName());
    Files.writeString(output, "");
    Files.setLastModifiedTime(output, FileTime.fromMillis(1000));
    assertEquals(Optional.empty(), finder.lostLog(nameless));
    Files.delete(output);
    store.log(rebuilt, ".bz2", later.changed().minusSeconds(60));
    assertEquals(Optional.empty(), finder.lostLog(nameless));
  }

  /** Nix removes the lock file of an output that it registers, and leaves that of a refused one. */
  @Test
  void aSuccessfulBuildLeftNoDirectory() throws IOException {
    StorePath failed = store.derivation("d1", "probe-1.0", OUT_A);
    StorePath other = store.derivation("d2", "probe-1.0", OUT_B);
    store.log(failed, ".bz2", FAILED.minusMillis(4));
    store.log(other, ".bz2", FAILED);
    store.write(OUT_B, "");
    Path output = root.resolve("store").resolve(OUT_B.baseName());
    Files.setLastModifiedTime(output, FileTime.fromMillis(1000));
    expect(failed, How.DIRECTORY_NAME_AND_LOG_TIME, finder.find(NAMED, Set.of()));
    Files.createFile(output.resolveSibling(OUT_B.baseName() + ".lock"));
    assertThrows(Failure.class, () -> finder.find(NAMED, Set.of()));
  }

  @Test
  void withoutANameTheLogAloneDecides() throws IOException {
    StorePath first = store.derivation("d1", "probe-1.0", OUT_A);
    StorePath second = store.derivation("f2", "other", OUT_B);
    store.log(first, ".bz2", FAILED.minusSeconds(2));
    store.log(second, "", FAILED);
    store.log(TestStore.path("d1", "no-derivation"), ".bz2", FAILED);
    Files.writeString(root.resolve("log/drvs/stray"), "");
    Optional<Found> found = finder.find(NAMELESS, Set.of());
    expect(second, How.LOG_TIME, found);
    assertEquals(
        whole(second) + " (found by the build log's time; if that is wrong: --drv FILE)",
        found.get().describe());
    for (String other : new String[] {"store", "tmp", "", "nix-build-probe-1.0", "x"}) {
      assertEquals(Optional.empty(), finder.find(KeptFiles.named(other), Set.of()), other);
    }
    store.log(first, ".bz2", FAILED.minusMillis(500));
    Failure failure = assertThrows(Failure.class, () -> finder.find(NAMELESS, Set.of()));
    assertEquals(
        "cannot tell which derivation left /tmp/nix-4711-1234567: "
            + "the build logs of these fit it, the newest first: "
            + (whole(second) + ", " + whole(first)),
        failure.getMessage());
  }

  @Test
  void aCollectedDerivationDoesNotMakeItsNeighbourRight() throws IOException {
    StorePath collected = TestStore.path("d1", "gone.drv");
    store.log(collected, ".bz2", FAILED);
    Failure failure = assertThrows(Failure.class, () -> finder.find(NAMELESS, Set.of()));
    assertEquals(
        "cannot read the derivation " + whole(collected) + ": it does not exist",
        failure.getMessage());
    store.log(store.derivation("d2", "neighbour", OUT_A), ".bz2", FAILED);
    assertThrows(Failure.class, () -> finder.find(NAMELESS, Set.of()));
  }

  @Test
  void findsNothingWhereNothingIs() throws IOException {
    store.derivation("d1", "probe-1.0", OUT_A);
    assertEquals(Optional.empty(), finder.find(NAMELESS, Set.of()));
    assertEquals(
        Optional.empty(), finder.find(KeptFiles.named("nix-build-x.drv-0"), Set.of(OUT_B)));
    DerivationFinder noLogs = new DerivationFinder(store.store(root.resolve("none")), List::of);
    assertEquals(Optional.empty(), noLogs.find(NAMELESS, Set.of()));
  }

  @Test
  void shortensALongListOfCandidates() throws IOException {
    for (char c = '0'; c <= '9'; c++) {
      store.derivation("a" + c, "probe-1.0", OUT_A);
      store.derivation("b" + c, "probe-1.0", OUT_A);
    }
    String message = assertThrows(Failure.class, () -> finder.find(NAMED, Set.of())).getMessage();
    assertTrue(message.endsWith("-probe-1.0.drv and 10 more"), message);
  }

  @Test
  void looksThroughAnOutputsNameToo() throws IOException {
    StorePath drv = store.derivation("d1", "probe-1.0", TestStore.SHELL, OUT_A, Map.of("x", "y"));
    expect(drv, How.OUTPUT_PATH, finder.find(NAMED, Set.of(TestStore.path("cc", "z"), OUT_A)));
  }

  @Test
  void theCandidatesAreListedWithThePhasesInWhichTheyStopped() throws IOException {
    StorePath first = store.derivation("d1", "probe-1.0", OUT_A);
    StorePath second = store.derivation("d2", "other", OUT_B);
    store.log(first, ".bz2", FAILED.minusMillis(4));
    store.log(second, ".bz2", FAILED);
    DerivationFinder reading =
        new DerivationFinder(
            finder.store(),
            List::of,
            Answers.NONE,
            drv ->
                new LogText(
                    drv.equals(first) ? List.of("buildPhase") : List.of(),
                    false,
                    Set.of(),
                    List.of()));
    String fit = "the build logs of these fit it, the newest first: " + whole(second) + ", ";
    for (boolean phases : new boolean[] {true, false}) {
      DerivationFinder asked = phases ? reading : reading.withoutLogs();
      Failure open = assertThrows(Failure.class, () -> asked.find(NAMELESS, Set.of()));
      String stopped = phases ? " (stopped in buildPhase)" : "";
      assertEquals(
          "cannot tell which derivation left /tmp/nix-4711-1234567: "
              + fit
              + whole(first)
              + stopped,
          open.getMessage());
    }
  }

  /** A kept directory with times of its own. */
  private record Timed(KeptFiles kept, KeptTimes times) implements Evidence {
    @Override
    public ByteString path() {
      return kept.path();
    }

    @Override
    public ByteString outerName() {
      return kept.outerName();
    }

    @Override
    public Instant changed() {
      return times.changed();
    }

    @Override
    public long owner() {
      return kept.owner();
    }

    @Override
    public FileContent read(String file, int limit) {
      return kept.read(file, limit);
    }

    @Override
    public FileContent readBeside(String file, int limit) {
      return kept.readBeside(file, limit);
    }
  }

  /**
   * An attacker sees a fixed-output build start, and has made a directory just before. Its birth
   * fits the log, so that the derivation is found; but it confirms nothing.
   */
  @Test
  void aDirectoryCraftedToFitALogByItsBirthConfirmsNothing() throws IOException {
    StorePath drv = store.fixedOutput("d1", "source", OUT_A, "");
    store.log(drv, ".bz2", FAILED);
    Path log = root.resolve("log/drvs/d1").resolve(drv.baseName().substring(2) + ".bz2");
    FileTime born = (FileTime) Files.getAttribute(log, "creationTime");
    assumeTrue(Duration.between(born.toInstant(), FAILED).abs().toSeconds() > 1, "no births here");
    Instant end = born.toInstant().plusSeconds(10);
    Files.setLastModifiedTime(log, FileTime.from(end));
    for (String name : List.of("nix-4711-1234567", "0123456789abcdfghijklmnpqr")) {
      for (long after : new long[] {500, 1500, 43_000, 3_600_000}) {
        for (long owner : new long[] {KeptFiles.BUILDER, 666}) {
          KeptTimes times =
              new KeptTimes(
                  "crafted",
                  Optional.empty(),
                  Optional.empty(),
                  Optional.of(born.toInstant().minusMillis(10)),
                  end.plusMillis(after));
          Timed kept = new Timed(KeptFiles.named(name).of(owner), times);
          Found found = finder.find(kept, Set.of()).orElseThrow();
          assertEquals(drv, found.path());
          assertTrue(found.derivation().hasNetwork());
          assertEquals(
              after <= 1000 && owner == KeptFiles.BUILDER,
              finder.isConfirmed(kept, found, user -> user == KeptFiles.BUILDER),
              name + " " + after + " " + owner);
        }
      }
    }
  }
}
