package nixbuildshell.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds every binding that the running Java can have to one contract. */
public class KernelContractTest {

  public static Stream<Kernel> kernels() {
    return Stream.concat(Stream.of(Kernels.jna()), Kernels.ffm().stream());
  }

  @Test
  void java22AndLaterHasTheFfmBindingToo() {
    boolean modern = Runtime.version().feature() >= 22;
    assertEquals(modern, Kernels.ffm().isPresent());
    assertEquals(modern ? "FFM" : "JNA", Kernels.bestName());
    String best = Kernels.best(Optional::empty).getClass().getSimpleName();
    assertEquals(modern ? "FfmKernel" : "JnaKernel", best);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void returnsWhatTheCallReturns(Kernel kernel) {
    assertEquals(ProcessHandle.current().pid(), new SystemCalls(kernel).call(Syscall.GETPID));
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void returnsTheNegatedErrno(Kernel kernel) {
    SystemCalls calls = new SystemCalls(kernel);
    assertEquals(-Errno.EBADF.number(), calls.call(Syscall.CLOSE, -1));
    assertEquals(-Errno.EINVAL.number(), calls.call(Syscall.DUP3, 1, 1, 0));
    assertEquals(-Errno.ENOSYS.number(), kernel.syscall(100_000));
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void passesAllSixArgumentsAndMemory(Kernel kernel, @TempDir Path directory) throws Exception {
    SystemCalls calls = new SystemCalls(kernel);
    Path file = directory.resolve("six");
    Files.write(file, "0123456789".getBytes(StandardCharsets.US_ASCII));
    long memory = calls.must("map", Syscall.MMAP, 0, 4096, 3, 0x22, -1, 0);
    kernel.write(memory, (file + "\0").getBytes(StandardCharsets.UTF_8));
    long fd = calls.must("open", Syscall.OPENAT, -100, memory, 2, 0);
    kernel.write(memory, new byte[16]);
    kernel.write(memory, new byte[] {4});
    kernel.write(memory + 8, new byte[] {1});
    long copied = calls.call(Syscall.COPY_FILE_RANGE, fd, memory, fd, memory + 8, 3, 0);
    assertEquals(3, copied);
    assertEquals("0456456789", Files.readString(file));
    assertEquals(7, kernel.read(memory, 1)[0], "the offset was written back");
    assertEquals(0, calls.call(Syscall.CLOSE, fd));
    assertEquals(0, calls.call(Syscall.MUNMAP, memory, 4096));
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void memoryComesBackAsItWasWritten(Kernel kernel) {
    SystemCalls calls = new SystemCalls(kernel);
    long memory = calls.must("map", Syscall.MMAP, 0, 4096, 3, 0x22, -1, 0);
    byte[] every = new byte[256];
    for (int i = 0; i < every.length; i++) {
      every[i] = (byte) i;
    }
    kernel.write(memory + 1, every);
    assertArrayEquals(every, kernel.read(memory + 1, every.length));
    assertEquals(0, kernel.read(memory, 0).length);
    calls.call(Syscall.MUNMAP, memory, 4096);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void errnoIsTheThreadsOwn(Kernel kernel) throws Exception {
    SystemCalls calls = new SystemCalls(kernel);
    Thread other =
        new Thread(
            () -> {
              for (int i = 0; i < 20_000; i++) {
                calls.call(Syscall.DUP3, 1, 1, 0);
              }
            });
    other.start();
    boolean clean = true;
    for (int i = 0; i < 20_000; i++) {
      clean &= calls.call(Syscall.CLOSE, -1) == -Errno.EBADF.number();
    }
    other.join();
    assertTrue(clean);
  }
}
