package nixbuildshell.capture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.capture.NewFailures.Failed;
import nixbuildshell.store.EndOrder;
import nixbuildshell.store.LogEnd;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NewFailuresTest {
  private static Failed failed(String end) {
    String[] words = end.split("@");
    Optional<LogEnd.Kind> kind =
        Optional.of(words[0]).filter(it -> !it.equals("?")).map(LogEnd.Kind::valueOf);
    return new Failed(
        ByteString.of("/tmp/" + end),
        "a",
        Optional.empty(),
        false,
        Optional.empty(),
        kind,
        EndOrder.UNKNOWN,
        Instant.EPOCH.plusMillis(Long.parseLong(words[1])),
        "");
  }

  /** The first is the build in question; each is KIND@MILLISECONDS. */
  @ParameterizedTest
  @CsvSource({
    "STOPPED@3000, it",
    "STOPPED@3000 FAILED@2990, another failed",
    "STOPPED@3000 FAILED@3000, another failed",
    "STOPPED@3000 ?@2990, another failed",
    "STOPPED@3000 REFUSED@2990 STOPPED@3004, another failed",
    // After it, or so long before that Nix went on.
    "STOPPED@3000 FAILED@3004, it",
    "STOPPED@3000 FAILED@1000, it",
    "STOPPED@3000 REFUSED@1000, it",
    // Nix 2.8 changes the directory of what it refused at the end of all builds.
    "STOPPED@3000 FAILED@100 REFUSED@2999, it",
    "STOPPED@3000 FAILED@100 STOPPED@3000, it",
    // Of several that ended at once, one or all took too long.
    "STOPPED@3000 STOPPED@3000, it or another build",
    "STOPPED@3000 STOPPED@5000, it",
    "FAILED@3000 STOPPED@3000, -",
  })
  void whyABuildWasStopped(String ends, String why) {
    String said =
        NewFailures.explained(Stream.of(ends.split(" ")).map(NewFailuresTest::failed).toList())
            .get(0)
            .what();
    assertEquals(
        switch (why) {
          case "-" -> "";
          case "another failed" -> ", since another build failed";
          default ->
              ": "
                  + why
                  + " took too long or wrote too much (timeout, max-silent-time, max-log-size)";
        },
        said);
  }
}
