package nixbuildshell.nix;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import nixbuildshell.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigurationTest {
  @TempDir Path etc;

  private Optional<String> buildDirectory(String file, Optional<String> more) throws IOException {
    Files.writeString(etc.resolve("nix.conf"), file.replace(';', '\n'));
    return Configuration.read(etc.resolve("nix.conf"), more.map(ByteString::of))
        .get("build-dir")
        .map(ByteString::toString);
  }

  @ParameterizedTest
  @CsvSource({
    "build-dir = /a, /a",
    "build-dir=/a, /a",
    "'  build-dir\t=  /a b  ', /a b",
    "build-dir = /a # there, /a",
    "# build-dir = /a,",
    "extra-build-dir = /a,",
    "build-dir,",
    "build-dir = /a;x = y;build-dir = /b, /b",
    "!include build-dir = /a,",
  })
  void readsASetting(String file, String value) throws IOException {
    assertEquals(Optional.ofNullable(value), buildDirectory(file, Optional.empty()));
  }

  @ParameterizedTest
  @CsvSource({
    "x = true, true, true",
    "x = yes, true, true",
    "x = 1, true, true",
    "x = false, false, false",
    "x = no, false, false",
    "x = 0, false, false",
    "x = false;x = true, true, true",
    "y = false, true, false",
    "x = nonsense, true, false",
    "x =, true, false",
  })
  void knowsWhatIsOn(String file, boolean usuallyOn, boolean usuallyOff) {
    Configuration nix = new Configuration(ByteString.of(file.replace(';', '\n')));
    assertEquals(usuallyOn, nix.isOn("x", true));
    assertEquals(usuallyOff, nix.isOn("x", false));
  }

  @Test
  void theEnvironmentComesLast() throws IOException {
    assertEquals(Optional.of("/b"), buildDirectory("build-dir = /a", Optional.of("build-dir=/b")));
  }

  @Test
  void whatNixSaysIsFollowedByTheEnvironment() {
    Configuration asked = new Configuration(ByteString.of("sandbox-paths = /a"));
    assertEquals("/a", asked.plus(Optional.empty()).get("sandbox-paths").orElseThrow().latin1());
    Configuration more = asked.plus(Optional.of(ByteString.of("sandbox-paths = /b")));
    assertEquals("/b", more.get("sandbox-paths").orElseThrow().latin1());
  }

  @Test
  void doesWithoutAFile() {
    assertEquals(
        Optional.empty(),
        Configuration.read(etc.resolve("none"), Optional.empty()).get("build-dir"));
  }
}
