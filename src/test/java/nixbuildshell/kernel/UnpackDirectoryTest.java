package nixbuildshell.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import nixbuildshell.ByteString;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks that JNA's library is loaded from a directory that only the caller can write to. */
class UnpackDirectoryTest {
  @TempDir Path parent;

  @ParameterizedTest
  @CsvSource({"rwx------, true", "rwxr-xr-x, true", "rwxrwx---, false", "rwxrwxrwx, false"})
  void onlyADirectoryThatNobodyElseCanWriteToWillDo(String mode, boolean fit) throws Exception {
    Files.setPosixFilePermissions(parent, PosixFilePermissions.fromString(mode));
    Path made = make();
    try {
      assertEquals(fit, made.startsWith(parent.toRealPath()), made.toString());
      assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(made)));
    } finally {
      Files.delete(made);
    }
  }

  private Path make() {
    return UnpackDirectory.make(
            Optional.of(ByteString.of(parent.toString())), name -> Optional.empty())
        .orElseThrow();
  }
}
