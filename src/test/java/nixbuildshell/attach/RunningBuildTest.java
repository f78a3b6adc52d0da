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
}
