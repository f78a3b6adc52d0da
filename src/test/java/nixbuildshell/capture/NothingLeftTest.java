package nixbuildshell.capture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.files.Answers;
import nixbuildshell.nix.Builders;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.LogText;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.TestStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NothingLeftTest {
  @TempDir private Path temporary;

  private List<String> elsewhere(String machine, String... log) throws Exception {
    List<ByteString> end = List.of(log).stream().map(ByteString::of).toList();
    DerivationFinder finder =
        new DerivationFinder(
            new TestStore(temporary).finder().store(),
            List::of,
            Answers.NONE,
            drv -> new LogText(List.of(), false, Set.of(), end));
    StorePath derivation = TestStore.path("00", "x-1.drv");
    return new NothingLeft(finder, new Builders(List.of()))
        .elsewhere(Map.of(derivation, ByteString.of(machine)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "ssh://host ': ssh host'",
        "ssh-ng://alice@host?ssh-key=/k ': ssh alice@host'",
        "ssh://alice@host:2222 ': ssh -p 2222 alice@host'",
        "ssh://a;b ': ssh ''a;b'''",
        "/a/store ''",
      })
  void machineIsNamedWithTheCommand(String machine, String command) throws Exception {
    assertEquals(
        List.of("x-1 was built on " + machine + ", where its directory would be" + command),
        elsewhere(machine, "note: keeping build directory '/tmp/a;b'", "error"));
  }

  @Test
  void logOfTheOtherMachineNamesTheDirectory() throws Exception {
    assertEquals(
        List.of(
            "x-1 was built on ssh://host, where its directory is:"
                + " ssh -t host nix-build-shell /nix/var/nix/builds/nix-1-2/build"),
        elsewhere(
            "ssh://host", "note: keeping build directory \"/nix/var/nix/builds/nix-1-2/build\""));
  }
}
