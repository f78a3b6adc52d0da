package nixbuildshell.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import nixbuildshell.ByteString;
import nixbuildshell.Malformed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StorePathTest {
  private static final String HASH = "wjy2msil2glkjpnpjwipz62bw87fy4ni";
  private static final String IN_STORE = "/nix/store/" + HASH + "-";

  @ParameterizedTest
  @ValueSource(
      strings = {"bash-static", "x", "-", "a+b-c.d_e?f=G", ".x", "...", "..x", ".x-y", "1.0"})
  void takesTheNamesThatNixTakes(String name) throws Malformed {
    StorePath path = StoreDirectory.DEFAULT.parse(ByteString.of(IN_STORE + name));
    assertEquals(new StorePath(HASH, name), path);
    assertEquals(IN_STORE + name, StoreDirectory.DEFAULT.path(path));
    assertEquals(
        path, StoreDirectory.DEFAULT.containing(ByteString.of(IN_STORE + name + "/bin/a b")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = true,
      value = {
        "''                     | it is not absolute",
        "bash                   | it is not absolute",
        "nix/store/H-x          | it is not absolute",
        "/bin/bash              | it is not in /nix/store",
        "/nix/store             | it is not in /nix/store",
        "/nix/storeX/H-x        | it is not in /nix/store",
        "//nix/store/H-x        | it is not in /nix/store",
        "/nix/../nix/store/H-x  | it is not in /nix/store",
        "/nix/store/            | it has an empty component, '.' or '..'",
        "/nix/store//H-x        | it has an empty component, '.' or '..'",
        "/nix/store/H-x/        | it has an empty component, '.' or '..'",
        "/nix/store/H-x//bash   | it has an empty component, '.' or '..'",
        "/nix/store/H-x/../etc  | it has an empty component, '.' or '..'",
        "/nix/store/..          | it has an empty component, '.' or '..'",
        "/nix/store/./H-x       | it has an empty component, '.' or '..'",
        "/nix/store/H-x/bin/..  | it has an empty component, '.' or '..'",
        "/nix/store/H-x\0y      | it contains a NUL byte",
        "/nix/store/x           | it does not begin with a hash of 32 characters and a hyphen",
        "/nix/store/H           | it does not begin with a hash of 32 characters and a hyphen",
        "/nix/store/Hx          | it does not begin with a hash of 32 characters and a hyphen",
        "/nix/store/eH-x        | it does not begin with a hash of 32 characters and a hyphen",
        "/nix/store/U-x         | its hash is not in Nix's base 32",
        "/nix/store/E-x         | its hash is not in Nix's base 32",
        "/nix/store/H-          | its name is empty or longer than 211 characters",
        "/nix/store/H-.         | its name begins with the component '.'",
        "/nix/store/H-..        | its name begins with the component '..'",
        "/nix/store/H-..-x      | its name begins with the component '..'",
        "/nix/store/H-.-x       | its name begins with the component '.'",
        "/nix/store/H-a b       | its name has a character that the store does not allow",
        "/nix/store/H-é         | its name has a character that the store does not allow",
      })
  void refusesTheRest(String path, String reason) {
    String upper = "W" + HASH.substring(1);
    String letterE = "e" + HASH.substring(1);
    ByteString bytes =
        ByteString.of(
            path.replace("/U-", "/" + upper + "-")
                .replace("/E-", "/" + letterE + "-")
                .replace("H", HASH));
    assertEquals(
        reason,
        assertThrows(Malformed.class, () -> StoreDirectory.DEFAULT.containing(bytes)).getMessage());
    assertThrows(Malformed.class, () -> StoreDirectory.DEFAULT.parse(bytes));
  }

  @Test
  void boundsTheLengthOfAName() throws Malformed {
    StoreDirectory.DEFAULT.parse(ByteString.of(IN_STORE + "x".repeat(211)));
    assertThrows(
        Malformed.class,
        () -> StoreDirectory.DEFAULT.parse(ByteString.of(IN_STORE + "x".repeat(212))));
  }

  @Test
  void aWholePathHasNothingBelow() {
    Malformed below =
        assertThrows(
            Malformed.class, () -> StoreDirectory.DEFAULT.parse(ByteString.of(IN_STORE + "x/bin")));
    assertEquals("it lies below the store path " + IN_STORE + "x", below.getMessage());
  }
}
