package nixbuildshell.listing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.capture.KeptDirectories;
import nixbuildshell.files.Answers;
import nixbuildshell.nix.Caller;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.KeptTimes;
import nixbuildshell.store.LogText;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.TestStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SurveyTest {
  private static final String DIGITS = "0123456789abcdfghijklmnpqrsvwxyz";
  private static final Instant FIRST = Instant.parse("2026-11-21T05:42:52Z");

  @TempDir Path temporary;

  /** 500 directories, a minute after each other, without births: their logs' ends tell. */
  @Test
  void fiveHundredDirectoriesCostOnePairingAndTenLogs() throws IOException {
    TestStore store = new TestStore(temporary);
    List<KeptDirectories.Listed> all = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      String start = "" + DIGITS.charAt(i / 32) + DIGITS.charAt(i % 32);
      StorePath derivation = TestStore.path(start, "n" + i + ".drv");
      Instant end = FIRST.plusSeconds(60L * (500 - i));
      store.log(derivation, ".bz2", end);
      String name = "nix-1-" + i;
      all.add(
          new KeptDirectories.Listed(
              ByteString.of("/tmp/" + name),
              new KeptTimes(name, Optional.empty(), Optional.of(1L), Optional.empty(), end),
              0,
              true,
              Optional.empty()));
    }
    List<StorePath> read = Collections.synchronizedList(new ArrayList<>());
    DerivationFinder finder =
        new DerivationFinder(
            store.finder().store(),
            () -> {
              throw new AssertionError("the directories are listed once more");
            },
            Answers.NONE,
            derivation -> {
              read.add(derivation);
              return new LogText(List.of("buildPhase"), false, Set.of(), List.of());
            });
    Caller caller = Caller.of(Map.of(), Set.of(), temporary, 1000, 100, 0);
    List<KeptRow> rows = new Survey(caller, null, finder, Optional.empty(), false).rows(all);
    for (int i = 0; i < 500; i++) {
      assertEquals(Optional.of("n" + i), rows.get(i).name());
      assertEquals(Optional.of("failed"), rows.get(i).outcome());
      assertEquals(
          i < 10 ? Optional.of(ByteString.of("buildPhase")) : Optional.empty(),
          rows.get(i).phase(),
          "row " + i);
    }
    assertEquals(10, read.size());
  }
}
