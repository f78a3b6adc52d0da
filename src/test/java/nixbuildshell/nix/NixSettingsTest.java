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

class NixSettingsTest {
  @TempDir Path etc;

  private Optional<String> buildDirectory(String file, Optional<String> more) throws IOException {
    Files.writeString(etc.resolve("nix.conf"), file.replace(';', '\n'));
    return NixSettings.read(etc.resolve("nix.conf"))
        .plus(more.map(ByteString::of))
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

  /** The last one counts, in the order in which Nix reads them. */
  @ParameterizedTest
  @CsvSource({
    "include more.conf, /more",
    "!include more.conf, /more",
    "' include\tmore.conf # more', /more",
    "build-dir = /a;include more.conf, /more",
    "include more.conf;build-dir = /a, /a",
    "include deep/er.conf, /beside",
    "include none.conf;build-dir = /a, /a",
    "include more.conf other.conf, ",
    "include, ",
    "includes more.conf, ",
    "# include more.conf, ",
    "include circle.conf, /circle",
  })
  void readsWhatIsIncluded(String file, String value) throws IOException {
    Files.writeString(etc.resolve("more.conf"), "build-dir = /more");
    Files.writeString(etc.resolve("circle.conf"), "include circle.conf\nbuild-dir = /circle");
    Files.createDirectory(etc.resolve("deep"));
    Files.writeString(etc.resolve("deep/er.conf"), "!include beside.conf");
    Files.writeString(etc.resolve("deep/beside.conf"), "build-dir = /beside");
    assertEquals(Optional.ofNullable(value), buildDirectory(file, Optional.empty()));
    String absolute = "include " + etc.resolve("more.conf");
    assertEquals(Optional.of("/more"), buildDirectory(absolute, Optional.empty()));
    assertEquals(Optional.empty(), buildDirectory("", Optional.of(absolute)));
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
    NixSettings nix = NixSettings.parse(ByteString.of(file.replace(';', '\n')));
    assertEquals(usuallyOn, nix.isOn("x", true));
    assertEquals(usuallyOff, nix.isOn("x", false));
  }

  @Test
  void theEnvironmentComesLast() throws IOException {
    assertEquals(Optional.of("/b"), buildDirectory("build-dir = /a", Optional.of("build-dir=/b")));
  }

  @Test
  void whatNixSaysIsFollowedByTheEnvironment() {
    NixSettings asked = NixSettings.parse(ByteString.of("sandbox-paths = /a"));
    assertEquals("/a", asked.plus(Optional.empty()).get("sandbox-paths").orElseThrow().latin1());
    NixSettings more = asked.plus(Optional.of(ByteString.of("sandbox-paths = /b")));
    assertEquals("/b", more.get("sandbox-paths").orElseThrow().latin1());
  }

  @Test
  void doesWithoutAFile() {
    assertEquals(Optional.empty(), NixSettings.read(etc.resolve("none")).get("build-dir"));
  }
}
