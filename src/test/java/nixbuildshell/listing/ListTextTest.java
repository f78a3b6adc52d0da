package nixbuildshell.listing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.capture.KeptDirectories;
import nixbuildshell.capture.Manifest;
import nixbuildshell.capture.TmpfilesRules;
import nixbuildshell.files.Status;
import nixbuildshell.files.TreeSize;
import nixbuildshell.session.Remembered;
import nixbuildshell.session.Sample;
import nixbuildshell.session.Sessions;
import nixbuildshell.store.KeptTimes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Prints rows as tables and as JSON. */
class ListTextTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_000_000);
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private ListText text(boolean sized) {
    return new ListText(new PrintStream(out, true, StandardCharsets.UTF_8), NOW, sized);
  }

  private String printed() {
    return out.toString(StandardCharsets.UTF_8);
  }

  static KeptRow row(String path, String phase, Optional<Integer> code, boolean readable) {
    Manifest manifest =
        new Manifest(
            Optional.of("probe-1.0-k3f9a2"),
            Optional.of("probe-1.0"),
            Optional.empty(),
            new Manifest.End(
                Optional.of(new ByteString(phase)), code, Optional.empty(), Optional.empty()),
            new Manifest.Store(Optional.empty(), Map.of(), List.of()),
            new Manifest.Sandbox(Optional.empty(), Optional.empty(), Optional.empty(), List.of()));
    KeptTimes times =
        new KeptTimes(
            path, Optional.empty(), Optional.empty(), Optional.empty(), NOW.minusSeconds(90));
    return new KeptRow(
        new KeptDirectories.Listed(
            new ByteString(path), times, 30001, readable, Optional.of(manifest)),
        Optional.empty(),
        Optional.empty(),
        "nixbld1",
        Optional.of(new TmpfilesRules.Removal(Optional.of(Duration.ofDays(10)), true)),
        Optional.of(new TreeSize(1_500_000, false)));
  }

  @Test
  void aTableHasAllThatIsKnown() {
    text(true)
        .kept(List.of(row("/tmp/nix-build-probe-1.0.drv-0", "buildPhase", Optional.of(101), true)));
    assertEquals(
        """
        AGE  NAME       PHASE       ENDED     SIZE   OWNER    REMOVED
        1m   probe-1.0  buildPhase  exit 101  ≥1.4M  nixbld1  in 9d
             /tmp/nix-build-probe-1.0.drv-0  (probe-1.0-k3f9a2)
        """,
        printed());
  }

  /** An attacker may have chosen the phase, and where sessions come from. */
  @Test
  void hostileNamesSteerNoTerminalAndBreakNoColumn() {
    String hostile = "\u001b[2J\n" + "x".repeat(300);
    text(false).kept(List.of(row("/tmp/a b\n'\u001b", hostile, Optional.empty(), false)));
    Sessions.Listed session =
        new Sessions.Listed(
            ByteString.of("s".repeat(90)),
            new ByteString("/home/s"),
            new Status.Time(0, 0),
            new Status.Time(0, 0),
            Sessions.State.IN_USE,
            Optional.of(
                Sample.remembered(
                    Remembered.Kind.INTERACTIVE, new ByteString(hostile), ByteString.EMPTY)));
    text(false).sessions(List.of(new SessionRow(session, Optional.empty())));
    List<String> lines = printed().lines().toList();
    assertEquals(6, lines.size(), printed());
    assertTrue(printed().chars().allMatch(c -> c == '\n' || c >= ' ' && c != 127), printed());
    for (int table : new int[] {0, 1, 3, 4}) {
      assertTrue(lines.get(table).length() <= 80, lines.get(table));
    }
    assertTrue(lines.get(2).contains("$'/tmp/a b\\012\\047\\033'  (probe"), lines.get(2));
    assertTrue(lines.get(2).endsWith("(not readable for you)"), lines.get(2));
  }

  @Test
  void theJsonIsAsciiAndKeepsWhatItCan() {
    KeptRow row = row("/tmp/\u00ff\u00c3\u00a9\u001b", "buildPhase", Optional.of(1), true);
    String json =
        new ListJson(nixbuildshell.store.NixStore.DEFAULT)
            .of(new Survey.Result(List.of(row), List.of()))
            .ascii();
    assertTrue(json.contains("\"path\":\"/tmp/\\ufffd\\u00e9\\u001b\""), json);
    assertTrue(
        json.contains("\"removedAt\":\"1970-01-22T13:45:10Z\",\"removedAtBoot\":true"), json);
    assertTrue(json.contains("\"size\":1500000,\"sizeComplete\":false"), json);
    assertTrue(json.contains("\"derivation\":null"), json);
  }

  @ParameterizedTest
  @CsvSource({"-5, 0s", "59, 59s", "60, 1m", "3600, 1h", "172799, 47h", "172800, 2d"})
  void spansHaveOneUnit(long seconds, String shown) {
    assertEquals(shown, ListText.span(Duration.ofSeconds(seconds)));
  }

  @ParameterizedTest
  @CsvSource({"0, 0B", "1023, 1023B", "1024, 1.0K", "10240, 10K", "1073741824, 1.0G"})
  void sizesHaveOneUnit(long bytes, String shown) {
    assertEquals(shown, ListText.size(new TreeSize(bytes, true)));
  }
}
