package nixbuildshell.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import nixbuildshell.ByteString;
import nixbuildshell.files.Status;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PhaseTimesTest {
  /** The clock of files is a little behind; a bash without a fine clock tells whole seconds. */
  @ParameterizedTest
  @CsvSource({
    "100.5 200.25, 100, 489999999, false",
    "100.5 200.25, 100, 490000000, true",
    "100.5 200.25, 200, 250000000, true",
    "100.5 200.25, 200, 250000001, false",
    "'100,5 200,25', 150, 0, true",
    "100 200, 99, 989999999, false",
    "100 200, 200, 999999999, true",
    "100 200 300, 150, 0, false",
    "-100 200, 150, 0, false",
    "'', 150, 0, false",
  })
  void readsWhatBashNotes(String line, long seconds, int nanoseconds, boolean ran) {
    PhaseTimes times = PhaseTimes.parse(ByteString.of("odd\n" + line + "\n"));
    assertEquals(ran, times.has(new Status.Time(seconds, nanoseconds)));
  }
}
