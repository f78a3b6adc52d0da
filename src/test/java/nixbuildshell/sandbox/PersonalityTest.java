package nixbuildshell.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;

import nixbuildshell.store.NixStore;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks Nix's rules for both architectures. */
class PersonalityTest {
  @ParameterizedTest
  @CsvSource({
    // system, on x86_64, impersonate-linux-26: 32 bits, 2.6
    "x86_64-linux, true, false, false, false",
    "x86_64-linux, true, true, false, true",
    "i686-linux, true, false, true, false",
    "i686-linux, true, true, true, true",
    "i686-linux, false, false, false, false",
    "i686-linux, false, true, false, true",
    "aarch64-linux, false, true, false, false",
    "armv7l-linux, false, true, true, false",
    "armv6l-linux, false, false, true, false",
    "armv5tel-linux, false, false, true, false",
    "armv7l-linux, true, false, true, false",
    "i586-linux, true, true, false, false",
    "'', true, true, false, false",
  })
  void followsTheSystem(
      String system, boolean x86_64, boolean impersonates, boolean linux32, boolean linux26) {
    Machine machine = new Machine(x86_64, false, true, impersonates, NixStore.DEFAULT);
    assertEquals(new Personality(linux32, linux26), Personality.of(system, machine));
  }
}
