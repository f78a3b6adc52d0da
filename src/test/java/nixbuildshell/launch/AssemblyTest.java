package nixbuildshell.launch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import nixbuildshell.kernel.MachineCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compares the checked-in machine code with what the assembler makes of its source. */
class AssemblyTest {
  private static final int NO_BINUTILS = 69;

  @Test
  void theCheckedInBytesAreTheSourcesBytes(@TempDir Path directory) throws Exception {
    int status =
        Tools.run(
            List.of("src/build/assemble", directory.toString()), ProcessBuilder.Redirect.DISCARD);
    if (status == NO_BINUTILS) {
      Tools.missing("binutils for x86_64 and aarch64 are not both installed");
    }
    assertEquals(0, status);
    for (String code : List.of("kernel/CallCode", "kernel/Code", "launch/Code", "terminal/Code")) {
      String file = code + ".java";
      assertEquals(
          Files.readString(directory.resolve(file)),
          Files.readString(Path.of("src/main/java/nixbuildshell").resolve(file)),
          file + ": run src/build/assemble");
    }
  }

  @Test
  void readsBytesAndNothingElse() {
    assertArrayEquals(new byte[] {0x0f, 5, -1}, MachineCode.parse("0f05ff"));
    assertThrows(IllegalArgumentException.class, () -> MachineCode.parse("0f0"));
    assertThrows(IllegalArgumentException.class, () -> MachineCode.parse("0f 05"));
  }
}
