package nixbuildshell.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import nixbuildshell.store.StorePath;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunningBuildTest {
  private static final String HASH = "0123456789abcdfghijklmnpqrsvwxyz-";

  @ParameterizedTest
  @CsvSource({
    "a-1.drv.chroot, a-1.drv",
    "a-1.drv.chroot/root, a-1.drv",
    "a.chroot-1.drv.chroot, a.chroot-1.drv",
    "a.drv.chroot-1.drv.chroot/root, a.drv.chroot-1.drv",
  })
  void theDerivationOfARoot(String root, String derivation) {
    assertEquals(
        Optional.of(StorePath.find(HASH + derivation).orElseThrow()),
        RunningBuild.derivation(HASH + root));
  }

  /** What a build says of another makes it no build that waits. */
  @ParameterizedTest
  @CsvSource({
    "a-1.drv, a-1-abc123, true",
    "a-1.drv, victim-1-abc123, false",
    "a-1.drv, a-10-abc123, false",
    "_?.drv, build_--abc123, true",
  })
  void aPauseIsOfItsDerivation(String derivation, String id, boolean expected) {
    assertEquals(
        expected,
        RunningBuild.isOf(
            new Pause(1, 1, id, "-"), StorePath.find(HASH + derivation).orElseThrow()));
  }
}
