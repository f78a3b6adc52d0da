package nixbuildshell.launch;

import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Argument.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.NameWatch;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.plan.Argument;
import nixbuildshell.plan.Plan;
import nixbuildshell.plan.Step;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

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
    mounts.leave();
    assertEquals(before, held());
  }

  /** A watch of a file system in memory ends when its only mount is taken down. */
  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void leavesMountsToTheKernel() throws Exception {
    GoPipe go = GoPipe.open(calls);
    Launch launch =
        new Launch(
            new Plan(mountsAndWaits(go)),
            SamplePlan.FLAGS,
            SamplePlan.maps(calls),
            OptionalInt.empty(),
            false,
            Optional.empty());
    Child child = launch.start(calls, go);
    Path process = Path.of("/proc/" + child.pid());
    while (!Files.readString(process.resolve("mountinfo")).contains(" /tmp rw,noexec")) {
      Thread.onSpinWait();
    }
    try (NameWatch watch = new FileSystem(calls).watch()) {
      watch.add(ByteString.of(process + "/root/tmp"), NameWatch.Kind.MADE);
      mounts.hold(child.pid());
      child.kill(Signals.SIGKILL);
      child.await();
      Set<String> before = LaunchTest.descriptors();
      before.removeAll(held());
      mounts.leave();
      assertEquals(NameWatch.Kind.REMOVED, watch.next().get(0).kind());
      assertEquals(before, LaunchTest.descriptors());
    }
  }

  private static List<Step> mountsAndWaits(GoPipe go) {
    int noexec = 8;
    List<Step> steps = new ArrayList<>(SamplePlan.start(go));
    steps.add(
        Step.of(
            "mount a file system",
            Syscall.MOUNT,
            text("none"),
            text("/tmp"),
            text("tmpfs"),
            number(noexec),
            Argument.nothing()));
    steps.add(
        Step.of("wait", Syscall.PPOLL, number(0), number(0), number(0), number(0), number(0)));
    return steps;
  }

  @Test
  void holdsNothingOfAChildThatHasEnded() throws Exception {
    Set<String> before = held();
    GoPipe go = GoPipe.open(calls);
    Child child = SamplePlan.launch(calls, go, "/bin/true").start(calls, go);
    child.await();
    mounts.hold(child.pid());
    assertEquals(before, held());
    mounts.leave();
    assertEquals(before, held());
  }

  private static Set<String> held() throws IOException {
    Set<String> held = LaunchTest.descriptors();
    held.removeIf(target -> !target.startsWith("mnt:"));
    return held;
  }
}
