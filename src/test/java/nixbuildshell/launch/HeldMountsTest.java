package nixbuildshell.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;
import org.junit.jupiter.api.Test;

class HeldMountsTest {
  private final SystemCalls calls = new SystemCalls(Kernels.best(Optional::empty));
  private final HeldMounts mounts = new HeldMounts(calls);

  @Test
  void holdsAChildsMountsBeyondItsEnd() throws Exception {
    List<String> before = held();
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
    List<String> before = held();
    GoPipe go = GoPipe.open(calls);
    Child child = SamplePlan.launch(calls, go, "/bin/true").start(calls, go);
    child.await();
    mounts.hold(child.pid());
    assertEquals(before, held());
    mounts.release();
    mounts.await();
  }

  private static List<String> held() throws IOException {
    List<String> held = new ArrayList<>();
    for (String name : new File("/proc/self/fd").list()) {
      Path descriptor = Path.of("/proc/self/fd", name);
      if (Files.isSymbolicLink(descriptor)) {
        held.add(Files.readSymbolicLink(descriptor).toString());
      }
    }
    held.removeIf(target -> !target.startsWith("mnt:"));
    return held;
  }
}
