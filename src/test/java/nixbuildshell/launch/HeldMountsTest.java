package nixbuildshell.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;
import org.junit.jupiter.api.Test;

class HeldMountsTest {
  private final SystemCalls calls = new SystemCalls(Kernels.best(Optional::empty));
  private final HeldMounts mounts = new HeldMounts(calls);

  @Test
  void holdsAChildsMountsBeyondItsEnd() throws Exception {
    Set<String> before = held();
    GoPipe go = GoPipe.open(calls);
    Launch launch = SamplePlan.launch(calls, go, "/bin/true");
    Child child = launch.waiting(calls, go, launch.image(calls));
    String own = Files.readSymbolicLink(Path.of("/proc/" + child.pid() + "/ns/mnt")).toString();
    mounts.hold(child.pid());
    child.kill(Signals.SIGKILL);
    child.await();
    assertTrue(held().contains(own));
    mounts.release();
    mounts.await();
    assertEquals(before, held());
  }

  @Test
  void holdsNothingOfAChildThatHasEnded() throws Exception {
    Set<String> before = held();
    GoPipe go = GoPipe.open(calls);
    Child child = SamplePlan.launch(calls, go, "/bin/true").start(calls, go);
    child.await();
    mounts.hold(child.pid());
    assertEquals(before, held());
    mounts.release();
    mounts.await();
  }

  private static Set<String> held() throws IOException {
    Set<String> held = LaunchTest.descriptors();
    held.removeIf(target -> !target.startsWith("mnt:"));
    return held;
  }
}
