package nixbuildshell.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;
import org.junit.jupiter.api.Test;

class SignalPipeTest {
  private static final int ACTION_SIZE = 32;

  private final SystemCalls calls = new SystemCalls(Kernels.best(Optional::empty));

  @Test
  void takesTheSignalThatTheJvmKeeps() throws Exception {
    try (NativeMemory jvm = NativeMemory.ofSize(calls, ACTION_SIZE)) {
      calls.must("read", Syscall.RT_SIGACTION, Signals.SIGQUIT, 0, jvm.address(), 8);
      try {
        BlockingQueue<Integer> got = new LinkedBlockingQueue<>();
        Runnable end = SignalPipe.begin(calls, Signals.SIGQUIT, got::add);
        for (int i = 0; i < 1000; i++) {
          calls.must("kill", Syscall.KILL, ProcessHandle.current().pid(), Signals.SIGQUIT);
          assertEquals(Signals.SIGQUIT, got.poll(1, TimeUnit.MINUTES));
        }
        end.run();
        assertEquals(0, readers(), "the JVM waits for a thread in a system call");
      } finally {
        calls.must("restore", Syscall.RT_SIGACTION, Signals.SIGQUIT, jvm.address(), 0, 8);
      }
    }
  }

  @Test
  void mayComeWhileTheJvmEnds() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Ending.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(output.endsWith("taken\n"), output);
    assertEquals(3, process.waitFor());
  }

  /** Takes a signal while the JVM already ends. */
  static class Ending {
    public static void main(String[] words) {
      SystemCalls calls = new SystemCalls(Kernels.best(Optional::empty));
      Runtime.getRuntime().addShutdownHook(new Thread(() -> take(calls)));
      System.exit(3);
    }

    private static void take(SystemCalls calls) {
      SignalPipe.handle(calls, Signals.SIGQUIT, signal -> {});
      System.out.println("taken");
    }
  }

  private static long readers() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("signal pipe"))
        .count();
  }
}
