package nixbuildshell.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import nixbuildshell.abi.Abi;
import nixbuildshell.abi.Errno;
import nixbuildshell.kernel.CallCode;
import nixbuildshell.plan.Image;
import nixbuildshell.plan.Outcome;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the machine code for aarch64 on any machine. For the interpreter, {@code
 * src/test/asm/aarch64-driver.S} maps an image at a fixed address, calls the code and writes the
 * image after the child's end.
 */
class QemuTest {
  private static final String BINUTILS = "aarch64-linux-gnu-";
  private static final String OTHER_BINUTILS = "aarch64-unknown-linux-gnu-";
  private static final long BASE = 0x10000000;
  private static final int SIGCHLD = 17;

  @TempDir Path directory;

  @TestFactory
  List<DynamicTest> runsPlans() throws Exception {
    String qemu = Tools.need("qemu-aarch64-static", "qemu-aarch64");
    Path driver = link("driver", Code.of(Abi.AARCH64));
    return InterpreterCase.all(directory, 1)
        .map(example -> DynamicTest.dynamicTest(example.name(), () -> run(qemu, driver, example)))
        .toList();
  }

  /** The driver kills itself, and exits with what the handler wrote: the number of SIGQUIT. */
  @Test
  void handlesASignal() throws Exception {
    String qemu = Tools.need("qemu-aarch64-static", "qemu-aarch64");
    Path driver = link("signal", nixbuildshell.terminal.Code.of(Abi.AARCH64));
    int status = Tools.run(List.of(qemu, driver.toString()), ProcessBuilder.Redirect.DISCARD);
    assertEquals(3, status);
  }

  /** The driver exits with the sum of what the kernel says of its fifth and its sixth argument. */
  @Test
  void makesASystemCall() throws Exception {
    String qemu = Tools.need("qemu-aarch64-static", "qemu-aarch64");
    Path driver = link("call", CallCode.of(Abi.AARCH64));
    int status = Tools.run(List.of(qemu, driver.toString()), ProcessBuilder.Redirect.DISCARD);
    assertEquals(Errno.EBADF.number() + Errno.EINVAL.number(), status);
  }

  private Path link(String name, byte[] code) throws Exception {
    Path object = directory.resolve("driver.o");
    Path driver = directory.resolve("driver");
    Files.write(directory.resolve("code.bin"), code);
    Tools.must(
        Tools.need(BINUTILS + "as", OTHER_BINUTILS + "as"),
        "--fatal-warnings",
        "-I" + directory,
        "-o" + object,
        "src/test/asm/aarch64-" + name + ".S");
    Tools.must(
        Tools.need(BINUTILS + "ld", OTHER_BINUTILS + "ld"), "-static", "-o" + driver, "" + object);
    return driver;
  }

  private void run(String qemu, Path driver, InterpreterCase example) throws Exception {
    Image image = Image.of(example.plan(), Abi.AARCH64, SIGCHLD);
    byte[] bytes = new byte[image.size()];
    image.write(ByteBuffer.wrap(bytes), BASE);
    Path input = Files.write(directory.resolve("image"), bytes);
    Path output = directory.resolve("output");
    Process process =
        new ProcessBuilder(qemu, driver.toString())
            .redirectInput(input.toFile())
            .redirectOutput(output.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertEquals(0, process.waitFor());

    // The output is what the child wrote, the image, and two words: status and mask.
    byte[] all = Files.readAllBytes(output);
    int messages = all.length - image.size() - 16;
    byte[] memory = Arrays.copyOfRange(all, messages, messages + image.size());
    ByteBuffer last = ByteBuffer.wrap(all, all.length - 16, 16).order(ByteOrder.LITTLE_ENDIAN);
    int status = (int) last.getLong();
    Outcome outcome = image.outcome(ByteBuffer.wrap(memory));
    List<Long> results = Records.results(memory, example.plan().parts().size());

    assertEquals(example.outcome(), outcome);
    assertEquals(example.status(), (status & 0x7f) != 0 ? 128 + (status & 0x7f) : status >> 8);
    if (!example.results().isEmpty()) {
      assertEquals(example.results(), results);
      assertEquals(
          "hello".repeat((int) results.stream().filter(r -> r == 5).count()),
          new String(all, 0, messages, "US-ASCII"));
    }
    assertEquals(0x4000, last.getLong(), "the caller's mask is restored");
    example.assertFiles(directory);
  }
}
