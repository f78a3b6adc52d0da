package nixbuildshell.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import nixbuildshell.abi.Syscall;
import org.junit.jupiter.api.Test;

class SignalsTest {
  private static final int ACTION_SIZE = 32;

  private final SystemCalls calls = new SystemCalls(Kernels.best(Optional::empty));

  @Test
  void ignoresWhatTheJvmHandlesAndRestoresTheDefault() throws Exception {
    try (NativeMemory jvm = NativeMemory.ofSize(calls, ACTION_SIZE);
        NativeMemory now = NativeMemory.ofSize(calls, ACTION_SIZE)) {
      calls.must("read", Syscall.RT_SIGACTION, Signals.SIGQUIT, 0, jvm.address(), 8);
      try {
        assertEquals("caught", state(Signals.SIGQUIT));
        Signals.ignore(calls, Signals.SIGQUIT);
        assertEquals("ignored", state(Signals.SIGQUIT));
        calls.must("kill", Syscall.KILL, ProcessHandle.current().pid(), Signals.SIGQUIT);
        Signals.restore(calls, Signals.SIGQUIT);
        assertEquals("default", state(Signals.SIGQUIT));
      } finally {
        calls.must("restore", Syscall.RT_SIGACTION, Signals.SIGQUIT, jvm.address(), 0, 8);
      }
      calls.must("read", Syscall.RT_SIGACTION, Signals.SIGQUIT, 0, now.address(), 8);
      assertArrayEquals(jvm.read(0, ACTION_SIZE), now.read(0, ACTION_SIZE));
    }
  }

  @Test
  void blocksOneSignalForAMoment() throws Exception {
    long before = mask("SigBlk");
    long during = Signals.blocking(calls, Signals.SIGTTOU, () -> mask("SigBlk"));
    assertEquals(before | 1L << 21, during);
    assertEquals(before, mask("SigBlk"));
  }

  private static String state(int signal) {
    if ((mask("SigIgn") >>> (signal - 1) & 1) != 0) {
      return "ignored";
    }
    return (mask("SigCgt") >>> (signal - 1) & 1) != 0 ? "caught" : "default";
  }

  private static long mask(String field) {
    try {
      List<String> status = Files.readAllLines(Path.of("/proc/thread-self/status"));
      String line = status.stream().filter(l -> l.startsWith(field)).findFirst().orElseThrow();
      return Long.parseUnsignedLong(line.substring(field.length() + 1).strip(), 16);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
