package nixbuildshell.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.store.StorePath;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Holds a process of many threads, another JVM, in the place of a build. */
class HoldTest {
  private static final int SIGCONT = 18;
  private static final int SEIZE = 0x4206;
  private static final int PR_SET_PTRACER = 0x59616d61;

  private final SystemCalls calls = new SystemCalls(Kernels.best(Optional::empty));
  private Process process;
  private RunningBuild build;

  /** Has threads that wake up all the time, and says when it has them. */
  static final class Restless {
    public static void main(String[] words) throws InterruptedException {
      // Where Yama is, an ordinary user traces descendants alone. (It is EINVAL elsewhere.)
      new SystemCalls(Kernels.best(Optional::empty))
          .call(Syscall.PRCTL, PR_SET_PTRACER, -1, 0, 0, 0);
      for (int i = 0; i < 8; i++) {
        new Thread(Restless::turn).start();
      }
      System.out.println("ready");
      Thread.sleep(60_000);
    }

    private static void turn() {
      while (true) {
        LockSupport.parkNanos(1_000_000);
      }
    }
  }

  @BeforeEach
  void start() throws IOException {
    process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                Restless.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertEquals('r', process.getInputStream().read());
    build =
        new RunningBuild(
            process.pid(),
            StorePath.find("0123456789abcdfghijklmnpqrsvwxyz-a-1.drv").orElseThrow(),
            ByteString.of("/build"),
            Optional.empty());
  }

  @AfterEach
  void end() {
    process.destroyForcibly();
  }

  private Hold hold(Optional<Pause> pause) {
    RunningBuild paused = new RunningBuild(build.pid(), build.derivation(), build.top(), pause);
    return Hold.of(calls, paused, () -> true);
  }

  private void assertStandsStill() {
    ProcessFiles files = new ProcessFiles(build.pid());
    List<Long> threads = files.threads();
    assertTrue(threads.size() > 8, "threads");
    calls.call(Syscall.KILL, build.pid(), SIGCONT);
    for (long thread : threads) {
      assertEquals(List.of("t", "(tracing", "stop)"), files.statusOf(thread, "State"));
    }
  }

  private void assertKilled() throws InterruptedException {
    assertTrue(process.waitFor(10, TimeUnit.SECONDS), "it lives");
    assertEquals(128 + Signals.SIGKILL, process.exitValue());
  }

  @Test
  void theLastToLeaveEndsIt() throws InterruptedException {
    Hold first = hold(Optional.empty());
    Hold second = hold(Optional.empty());
    assertTrue(first.first() && !second.first(), "first");
    assertStandsStill();
    first.close();
    assertFalse(process.waitFor(300, TimeUnit.MILLISECONDS), "it died early");
    assertStandsStill();
    assertFalse(second.hasEnded(0), "ended");
    second.close();
    assertKilled();
  }

  @Test
  void aPauseEndsWhenItsTimeIsOver() throws InterruptedException {
    long end = System.currentTimeMillis() / 1000 + 2;
    hold(Optional.of(new Pause(end, 240, "a-1-abcdef", "buildPhase"))).close();
    assertKilled();
    assertTrue(System.currentTimeMillis() / 1000 >= end, "it died early");
  }

  @Test
  void aPausedBuildIsLeftAndEnteredAgain() throws InterruptedException {
    Pause pause =
        new Pause(System.currentTimeMillis() / 1000 + 600, 240, "a-1-abcdef", "buildPhase");
    hold(Optional.of(pause)).close();
    assertEquals(
        Optional.of(pause),
        GuardProcess.of(new ProcessFiles(build.pid()).number("TracerPid"))
            .flatMap(GuardProcess::pause));
    try (Hold again = hold(Optional.empty())) {
      assertStandsStill();
      assertFalse(again.first(), "another guard");
      Hold.release(calls, build, () -> true);
      assertKilled();
    }
  }

  @Test
  void theGuardsDeathIsItsOwn() throws InterruptedException {
    try (Hold hold = hold(Optional.empty())) {
      long guard = new ProcessFiles(build.pid()).number("TracerPid");
      calls.call(Syscall.KILL, guard, Signals.SIGKILL);
      assertKilled();
    }
  }

  private static int descriptors() {
    return Optional.ofNullable(new File("/proc/self/fd").list()).orElseThrow().length;
  }

  @Test
  void whereTheKernelShowsTheMemoryNothingIsEntered() {
    BuildProcess process = new BuildProcess(calls, build);
    Failure shown = assertThrows(Failure.class, () -> process.requireEnterable(Optional.of("1\n")));
    assertTrue(shown.getMessage().contains("fs.suid_dumpable"), shown::getMessage);
    Failure other = assertThrows(Failure.class, () -> process.requireEnterable(Optional.of("2\n")));
    assertTrue(other.getMessage().contains("no sandbox"), other::getMessage);
  }

  @Test
  void anotherProcessAndATracedOneAreLeftAlone() {
    assertThrows(Failure.class, () -> Hold.of(calls, build, () -> false));
    assertEquals(0, new ProcessFiles(build.pid()).number("TracerPid"));
    assertEquals(0, calls.call(Syscall.PTRACE, SEIZE, build.pid(), 0, 0));
    int open = descriptors();
    Failure failure = assertThrows(Failure.class, () -> hold(Optional.empty()));
    assertEquals(open, descriptors(), "descriptors are left open");
    assertTrue(
        failure.getMessage().contains("traces its first process already"), failure::getMessage);
    assertTrue(process.isAlive(), "it died");
  }
}
