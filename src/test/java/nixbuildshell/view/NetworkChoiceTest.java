package nixbuildshell.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.sandbox.Generation;
import nixbuildshell.sandbox.HostFile;
import nixbuildshell.sandbox.Network;
import nixbuildshell.sandbox.NetworkView;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NetworkChoiceTest {
  @TempDir Path root;
  private TestHost host;

  @BeforeEach
  void make() {
    host = new TestHost(root);
  }

  private NetworkChoice choice(Network asked) {
    return new NetworkChoice(Optional.ofNullable(asked), host.caller(), host.messages());
  }

  /** A fixed output has the network only when the derivation is known to be the build's. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "         | false | true  | LOOPBACK | ''",
        "         | true  | true  | HOST     | the network is the host's, as the build had it;",
        "         | true  | false | LOOPBACK | the build seems to have had the host's network, but",
        "LOOPBACK | true  | true  | LOOPBACK | ''",
        "HOST     | true  | true  | HOST     | ''",
        "HOST     | false | true  | HOST     | ''",
      })
  void isTheBuildsUnlessTheCallerAsks(
      Network asked, boolean fixed, boolean named, Network expected, String said) {
    ByteString derivation = fixed ? host.fixedOutput() : host.derivation("", "", "");
    host.envVars("/build", "NIX_OUTPUT_CHECKED=" + (fixed ? 1 : 0));
    try (KeptDirectory kept = host.open()) {
      FailedBuild build = host.build(kept, Optional.of(derivation).filter(drv -> named));
      NetworkView view = choice(asked).of(build, Generation.FLAT);
      assertEquals(expected, view.network());
      assertEquals(expected == Network.LOOPBACK, view.files().isEmpty());
    }
    String text = host.said();
    assertTrue(said.isEmpty() ? text.isEmpty() : text.startsWith(said), text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "         | HOST     | HOST     | the network is the host's, as before;",
        "         | LOOPBACK | LOOPBACK | ''",
        "LOOPBACK | HOST     | LOOPBACK | ''",
        "HOST     | LOOPBACK | HOST     | ''",
      })
  void isTheSessionsUnlessTheCallerAsks(
      Network asked, Network before, Network expected, String said) {
    assertEquals(expected, choice(asked).again(before, Generation.FLAT).network());
    String text = host.said();
    assertTrue(said.isEmpty() ? text.isEmpty() : text.startsWith(said), text);
  }

  /** The daemon decides, which knows nothing of the caller's NIX_CONFIG. */
  @Test
  void certificatesAreTheDaemonsAndOfNewerNixOnly() {
    Path file = host.file(root.resolve("daemon.crt"), "");
    host.settings("ssl-cert-file = " + file);
    host.set("NIX_CONFIG", "ssl-cert-file = " + host.file(root.resolve("caller.crt"), ""));
    HostFile shown = new HostFile(HostFile.CERTIFICATES, file.toString());
    assertEquals(List.of(shown), certificates(Generation.NESTED));
    assertEquals(List.of(), certificates(Generation.FLAT));
    host.settings("ssl-cert-file = " + root.resolve("none.crt"));
    assertEquals(List.of(), certificates(Generation.NESTED));
  }

  private List<HostFile> certificates(Generation generation) {
    return choice(Network.HOST).again(Network.HOST, generation).files().stream()
        .filter(each -> each.path().equals(HostFile.CERTIFICATES))
        .toList();
  }
}
