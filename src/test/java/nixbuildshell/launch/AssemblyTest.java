package nixbuildshell.launch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import nixbuildshell.abi.Abi;
import nixbuildshell.kernel.JvmTimers;
import nixbuildshell.kernel.MachineCode;
import nixbuildshell.terminal.SignalRelay;
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
    for (Class<?> room : List.of(JvmTimers.class, Interpreter.class, SignalRelay.class)) {
      String name = room.getPackageName().replaceAll(".*\\.", "");
      for (Abi abi : Abi.values()) {
        String file = name + "/" + abi.name().toLowerCase(Locale.ROOT) + ".hex";
        assertArrayEquals(
            MachineCode.parse(Files.readString(directory.resolve(file))),
            MachineCode.of(room, abi),
            file + ": run src/build/assemble");
      }
    }
  }

  @Test
  void readsBytesAndNothingElse() {
    assertArrayEquals(new byte[] {0x0f, 5, -1}, MachineCode.parse("# a:\n0f 05  # syscall\nff\n"));
    assertThrows(IllegalArgumentException.class, () -> MachineCode.parse("0f 0"));
    assertThrows(IllegalArgumentException.class, () -> MachineCode.parse("step: 0f"));
  }
}
