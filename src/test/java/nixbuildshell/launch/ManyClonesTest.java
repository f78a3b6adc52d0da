package nixbuildshell.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.locks.LockSupport;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.plan.Outcome;
import nixbuildshell.plan.Plan;
import nixbuildshell.plan.Step;
import org.junit.jupiter.api.Test;

/** Clones a JVM while its garbage collector runs. */
class ManyClonesTest {
  /** Clones with a small heap, which is soon full and quickly copied. */
  @Test
  void manyClonesUnderAllocationLoad() throws Exception {
    List<String> command = new ArrayList<>(Tools.java(ManyClones.class));
    command.addAll(1, List.of("-Xmx32m", "-XX:+UseSerialGC"));
    assertEquals(0, Tools.run(command, ProcessBuilder.Redirect.DISCARD));
  }

  /** Clones while another thread makes garbage, in a process of its own. */
  static final class ManyClones {
    private ManyClones() {}

    public static void main(String[] arguments) throws Exception {
      Thread load = new Thread(ManyClones::allocate);
      load.setDaemon(true);
      load.start();
      SystemCalls calls = new SystemCalls(Kernels.best(Optional::empty));
      for (int i = 0; i < 400; i++) {
        GoPipe go = GoPipe.open(calls);
        List<Step> steps = new ArrayList<>(SamplePlan.start(go));
        steps.addAll(SamplePlan.end("/bin/true"));
        Launch launch =
            new Launch(
                new Plan(steps),
                i % 2 == 0 ? Launch.CLONE_VM : 0,
                SamplePlan.NO_MAPS,
                OptionalInt.empty(),
                false,
                Optional.empty());
        assertEquals(new Ended(new Outcome.Ran(), 0, 0), launch.start(calls, go).await());
      }
    }

    private static void allocate() {
      byte[][] live = new byte[1000][];
      for (int i = 0; true; i++) {
        live[i % live.length] = new byte[10_000];
        if (i % 100 == 0) {
          LockSupport.parkNanos(1_000_000);
        }
      }
    }
  }
}
