package nixbuildshell.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares with what {@code nix-store --print-fixed-path [--recursive]} prints. */
class FixedOutputTest {
  @ParameterizedTest
  @CsvSource({
    "r:sha256, lhhfy72lgdaa3d8f7r6z4dqz5r3fk5yz,"
        + " 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
    "sha256, xsvmr3hir52avhwdvnz12198gcpas8cr,"
        + " 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
    "r:sha1, cd9mv9ga26nxbr8kj2s3w5zmzs0bvcpv, 11f6ad8ec52a2984abaafd7c3b516503785c2072",
    "sha512, 5h9lkr8hfxsjgsz5kjjnj29rgh54m91y,"
        + " a4abd4448c49562d828115d13a1fccea927f52b4d5459297f8b43e42da89238b"
        + "c13626e43dcb38ddb082488927ec904fb42057443983e88585179d50551afe62",
  })
  void aContentHasThePathOfItsHash(String method, String expected, String hash) {
    StorePath path = StoreDirectory.DEFAULT.fixedOutput(method, hash, "a-1.0");
    assertEquals(new StorePath(expected, "a-1.0"), path);
  }
}
