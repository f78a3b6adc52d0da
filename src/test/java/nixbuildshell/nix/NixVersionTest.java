package nixbuildshell.nix;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NixVersionTest {
  @ParameterizedTest
  @CsvSource({
    "nix (Nix) 2.8.0, false, 2, 8",
    "nix-store (Nix) 2.34.1, false, 2, 34",
    "nix (Nix) 2.4pre20210601_5985b8b, false, 2, 4",
    "nix (Determinate Nix 3.8.0) 2.30.1, false, 2, 30",
    "'nix (Lix, like Nix) 2.94.0', true, 2, 94",
  })
  void reads(String line, boolean lix, int major, int minor) {
    assertEquals(Optional.of(new NixVersion(lix, major, minor)), NixVersion.parse(line));
  }

  @Test
  void anotherFormIsNone() {
    assertEquals(Optional.empty(), NixVersion.parse("nix: command not found"));
  }

  @ParameterizedTest
  @CsvSource({"1, 99, false", "2, 29, false", "2, 30, true", "2, 31, true", "3, 0, true"})
  void compares(int major, int minor, boolean later) {
    assertEquals(later, new NixVersion(false, major, minor).isAtLeast(2, 30));
  }
}
