package nixbuildshell.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.function.BooleanSupplier;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.plan.Outcome;
import org.junit.jupiter.api.Test;

/** Sends signals to a child, during set-up and later, and kills its parent. */
class ChildTest {
  /** Has HUP INT QUIT USR1 USR2 PIPE TERM CHLD WINCH; the JVM handles most of them. */
  private static final List<Integer> STORM = List.of(1, 2, 3, 10, 12, 13, 15, 17, 28);

  private static final String ALL_BUT_KILL_AND_STOP = "fffffffffffbfeff";

  private static final int SIGHUP = 1;
  private static final int SIGTERM = 15;

  private final SystemCalls calls = new SystemCalls(Kernels.best(Optional::empty));

  @Test
  void canBeKilledAtAnyTime() throws Exception {
    GoPipe go = GoPipe.open(calls);
    Child child = SamplePlan.launch(calls, go, "/bin/sleep", "1000").start(calls, go);
    FutureTask<Ended> other = new FutureTask<>(child::await);
    new Thread(other).start();
    child.kill(Signals.SIGKILL);
    Ended ended = child.await();
    assertEquals(137, ended.status());
    assertEquals(ended, other.get());
    child.kill(Signals.SIGKILL);
    assertFalse(child.catches(SIGTERM));
  }

  @Test
  void tellsWhatItCatches() throws Exception {
    GoPipe go = GoPipe.open(calls);
    String script = "trap 'exit 5' TERM; while :; do sleep 0.01; done";
    Child child = SamplePlan.launch(calls, go, "/bin/sh", "-c", script).start(calls, go);
    await(() -> child.catches(SIGTERM));
    assertFalse(child.catches(SIGHUP));
    child.kill(SIGTERM);
    assertEquals(new Ended(new Outcome.Ran(), 0, 5), child.await());
  }

  /** Process 1 drops the signals that it has no handler for. */
  @Test
  void signalsInSetUpWaitUntilItIsOver() throws Exception {
    GoPipe go = GoPipe.open(calls);
    Launch launch = SamplePlan.launch(calls, go, "/bin/true");
    Child child = launch.waiting(calls, go, launch.image(calls));
    try (go) {
      STORM.forEach(child::kill);
      assertEquals(ALL_BUT_KILL_AND_STOP, status(child, "SigBlk"));
      assertFalse(child.catches(SIGTERM), "the JVM's handlers don't count");
      long pending = Long.parseUnsignedLong(status(child, "ShdPnd"), 16);
      for (int signal : STORM) {
        assertTrue((pending >>> (signal - 1) & 1) != 0, "signal " + signal + " is not pending");
      }
      launch.maps().write(calls, child.pid());
      go.go();
      assertEquals(new Ended(new Outcome.Ran(), 0, 0), child.await());
    }
  }

  @Test
  void aSignalInSetUpDoesWhatItDoesByDefault() throws Exception {
    for (int signal : List.of(1, 2, 10, 12, 13, 15)) {
      GoPipe go = GoPipe.open(calls);
      Launch launch = SamplePlan.amongUs(calls, go, "/bin/true");
      Child child = launch.waiting(calls, go, launch.image(calls));
      try (go) {
        child.kill(signal);
        launch.maps().write(calls, child.pid());
        go.go();
        Ended ended = child.await();
        assertEquals(signal, ended.signal());
        Outcome.Stopped stopped = (Outcome.Stopped) ended.outcome();
        assertEquals("unblock all signals", stopped.step().label());
      }
    }
  }

  @Test
  void aStormOfSignalsIsHarmless() throws Exception {
    for (int i = 0; i < 30; i++) {
      GoPipe go = GoPipe.open(calls);
      Launch launch = SamplePlan.launch(calls, go, "/bin/true");
      Child child = launch.waiting(calls, go, launch.image(calls));
      FutureTask<Ended> ended = new FutureTask<>(child::await);
      new Thread(ended).start();
      try (go) {
        launch.maps().write(calls, child.pid());
        go.go();
        while (!ended.isDone()) {
          STORM.forEach(child::kill);
        }
        assertEquals(new Ended(new Outcome.Ran(), 0, 0), ended.get());
      }
    }
  }

  /** Kills the parent at the worst moment: the child is cloned, and waits. */
  @Test
  void doesNotOutliveItsParent() throws Exception {
    Process parent = new ProcessBuilder(Tools.java(WaitingChild.class)).start();
    String pid = parent.inputReader().readLine();
    Path child = Path.of("/proc", pid);
    assertTrue(Files.exists(child));
    parent.destroyForcibly().waitFor();
    await(() -> !alive(child));
  }

  /** Clones a child, prints its process ID and waits to be killed, in a process of its own. */
  static final class WaitingChild {
    private WaitingChild() {}

    public static void main(String[] arguments) throws Exception {
      SystemCalls calls = new SystemCalls(Kernels.best(Optional::empty));
      GoPipe go = GoPipe.open(calls);
      Launch launch = SamplePlan.launch(calls, go, "/bin/true");
      System.out.println(launch.waiting(calls, go, launch.image(calls)).pid());
      Thread.sleep(1_000_000);
    }
  }

  /** Decides whether a process runs. In a container without a reaper it stays a zombie. */
  private static boolean alive(Path process) {
    try {
      return !Files.readString(process.resolve("stat")).contains(") Z ");
    } catch (java.io.IOException e) {
      return false;
    }
  }

  private static String status(Child child, String field) throws Exception {
    return Files.readAllLines(Path.of("/proc/" + child.pid() + "/status")).stream()
        .filter(line -> line.startsWith(field + ":"))
        .map(line -> line.substring(field.length() + 1).strip())
        .findFirst()
        .orElseThrow();
  }

  private static void await(BooleanSupplier condition) throws Exception {
    for (int i = 0; !condition.getAsBoolean(); i++) {
      assertTrue(i < 30_000, "waited in vain");
      Thread.sleep(10);
    }
  }
}
