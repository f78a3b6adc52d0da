package nixbuildshell.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.kernel.Kernel;
import nixbuildshell.kernel.KernelContractTest;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.plan.Outcome;
import nixbuildshell.plan.Plan;
import nixbuildshell.plan.Step;
import nixbuildshell.sandbox.Identity;
import nixbuildshell.sandbox.Network;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Makes real clones in real namespaces, as root and as an ordinary user. */
class LaunchTest {
  private static final int SIGTERM = 15;

  private final SystemCalls calls = new SystemCalls(Kernels.best(Optional::empty));

  static Stream<Kernel> kernels() {
    return KernelContractTest.kernels();
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void endsAsTheProgramEnds(Kernel kernel) throws Exception {
    SystemCalls calls = new SystemCalls(kernel);
    assertEquals(new Ended(new Outcome.Ran(), 0, 0), run(calls, "/bin/true"));
    assertEquals(new Ended(new Outcome.Ran(), 0, 1), run(calls, "/bin/false"));
    assertEquals(new Ended(new Outcome.Ran(), 0, 7), run(calls, "/bin/sh", "-c", "exit 7"));
    String handled = "trap 'exit 3' TERM; kill -TERM $$";
    assertEquals(new Ended(new Outcome.Ran(), 0, 3), run(calls, "/bin/sh", "-c", handled));
  }

  /** Runs without a PID namespace: process 1 cannot kill itself. */
  @Test
  void endsByASignalAsTheProgramEnds() throws Exception {
    GoPipe go = GoPipe.open(calls);
    Child child = SamplePlan.amongUs(calls, go, "/bin/sh", "-c", "kill -9 $$").start(calls, go);
    assertEquals(new Ended(new Outcome.Ran(), 9, 137), child.await());
    assertEquals(child.await(), child.await());
  }

  @Test
  void whatCannotBeRunIsTheLastStepsFailure() throws Exception {
    Outcome outcome = run(calls, "/nowhere").outcome();
    assertTrue(outcome.why().startsWith("execve(\"/nowhere\""), outcome.why());
    assertTrue(outcome.why().endsWith("ENOENT (no such file or directory)"), outcome.why());
  }

  @TestFactory
  Stream<DynamicTest> aBrokenStepIsNamed() {
    try (GoPipe go = GoPipe.open(calls)) {
      List<Step> steps = SamplePlan.of(go, "/bin/true").steps();
      return Stream.iterate(0, i -> i < steps.size(), i -> i + 1)
          .map(i -> DynamicTest.dynamicTest(steps.get(i).label(), () -> breakStep(i)));
    }
  }

  private void breakStep(int step) throws Exception {
    GoPipe go = GoPipe.open(calls);
    Launch launch = SamplePlan.launch(calls, go, "/bin/true");
    SharedImage image = launch.image(calls);
    Records.breakStep(image, step);
    Ended ended = launch.start(calls, go, image).await();
    Step broken = launch.plan().steps().get(step);
    assertEquals(new Outcome.Failed(step, broken, Errno.ENOSYS.number()), ended.outcome());
  }

  @Test
  void everyStepLeavesItsResult() throws Exception {
    GoPipe go = GoPipe.open(calls);
    Launch launch = SamplePlan.launch(calls, go, "/bin/true");
    int steps = launch.plan().steps().size();
    SharedImage image = launch.image(calls);
    Child child = launch.start(calls, go, image);
    List<Long> results = Records.results(calls, child, image, steps);
    for (int i = 0; i < steps; i++) {
      Syscall syscall = launch.plan().steps().get(i).syscall();
      long result = results.get(i);
      switch (syscall) {
        case READ -> assertEquals(1, result);
        case UMASK, OPENAT -> assertTrue(result >= 0);
        case MKDIRAT -> assertEquals(-Errno.EEXIST.number(), result);
        case EXECVE -> assertEquals(Long.MIN_VALUE, result);
        default -> assertEquals(0, result, syscall.toString());
      }
    }
    assertEquals(0, child.await().status());
  }

  /** Files of a process in /proc are root's when its memory cannot be dumped. */
  @Test
  void theToolsMemoryStaysDumpable() throws Exception {
    int getDumpable = 3;
    run(calls, "/bin/true");
    assertEquals(1, calls.call(Syscall.PRCTL, getDumpable));
  }

  @Test
  void sharesNoMemoryWithAChildThatChangesItsIds() {
    assertEquals(Launch.CLONE_VM, flags(false) & Launch.CLONE_VM);
    assertEquals(0, flags(true) & Launch.CLONE_VM);
  }

  private static long flags(boolean privileged) {
    Identity user = new Identity(1000, 100, privileged);
    Plan plan = new Plan(SamplePlan.end("/bin/true"));
    return Launch.of(plan, user, Network.HOST, 0, Optional.empty()).flags();
  }

  @Test
  void withoutTheGoByteNothingRuns() throws Exception {
    GoPipe go = GoPipe.open(calls);
    Launch launch = SamplePlan.launch(calls, go, "/bin/true");
    Child child = launch.waiting(calls, go, launch.image(calls));
    go.close();
    Step read = launch.plan().steps().get(2);
    assertEquals(new Outcome.Unexpected(2, read, 0), child.await().outcome());
  }

  @Test
  void aRefusedCloneHasItsErrno() throws IOException {
    int cloneThread = 0x10000;
    Set<String> before = descriptors();
    GoPipe go = GoPipe.open(calls);
    Plan plan = SamplePlan.of(go, "/bin/true");
    Launch launch =
        new Launch(
            plan, cloneThread, SamplePlan.NO_MAPS, OptionalInt.empty(), false, Optional.empty());
    ErrnoException refused = assertThrows(ErrnoException.class, () -> launch.start(calls, go));
    assertEquals(Errno.EINVAL.number(), refused.number());
    assertEquals(Syscall.CLONE, refused.syscall());
    assertEquals(
        "cannot make a process in new namespaces: clone: EINVAL (invalid argument)",
        refused.failure("").getMessage());
    assertNoMoreThan(before);
  }

  @Test
  void refusedMapsLeaveNoProcess() throws Exception {
    Set<String> before = descriptors();
    GoPipe go = GoPipe.open(calls);
    String line = IdMaps.line(1000, calls.call(Syscall.GETEUID), 1);
    IdMaps twice = new IdMaps(line + line, line, false);
    Plan plan = SamplePlan.of(go, "/bin/true");
    Launch launch =
        new Launch(plan, SamplePlan.FLAGS, twice, OptionalInt.empty(), false, Optional.empty());
    ErrnoException refused = assertThrows(ErrnoException.class, () -> launch.start(calls, go));
    assertTrue(refused.label().matches("write /proc/\\d+/uid_map"), refused.label());
    // An ordinary user may write one line only, and the kernel checks that first.
    assertTrue(Set.of("EINVAL", "EPERM").contains(Errno.of(refused.number()).get().name()));
    Path child = Path.of(refused.label().split(" ")[1]).getParent();
    assertFalse(Files.exists(child));
    assertNoMoreThan(before);
  }

  /** Runs on a thread of its own, because it gives up the groups for good. */
  @Test
  void givesUpTheGroupsWhereItMay() throws Exception {
    GoPipe go = GoPipe.open(calls);
    Plan plan = SamplePlan.of(go, "/bin/grep", "-q", "^Groups:\t *$", "/proc/thread-self/status");
    Launch launch =
        new Launch(
            plan,
            SamplePlan.AMONG_US,
            SamplePlan.maps(calls),
            OptionalInt.empty(),
            true,
            Optional.empty());
    FutureTask<String> task =
        new FutureTask<>(
            () -> {
              try {
                return "status " + launch.start(calls, go).await().status();
              } catch (ErrnoException refused) {
                return refused.failure("").getMessage();
              }
            });
    new Thread(task).start();
    boolean root = calls.call(Syscall.GETEUID) == 0;
    assertEquals(
        root
            ? "status 0"
            : "cannot give up the supplementary groups: setgroups: EPERM (operation not permitted)",
        task.get());
  }

  @Test
  void leavesTheThreadsMaskAlone() throws Exception {
    long before = mask();
    assertEquals(0, before & 1L << (SIGTERM - 1), "an earlier launch left it blocked");
    run(calls, "/bin/true");
    assertEquals(before, mask());
  }

  private static long mask() throws Exception {
    return Files.readAllLines(Path.of("/proc/thread-self/status")).stream()
        .filter(line -> line.startsWith("SigBlk:"))
        .mapToLong(line -> Long.parseUnsignedLong(line.substring("SigBlk:".length()).strip(), 16))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void noDescriptorReachesTheProgram(@TempDir Path directory) throws Exception {
    try (NativeMemory pair = NativeMemory.ofSize(calls, 8)) {
      calls.must("cannot make a pipe that execve keeps", Syscall.PIPE2, pair.address(), 0);
      Path list = directory.resolve("list");
      GoPipe go = GoPipe.open(calls);
      String script = "ls /proc/self/fd > " + list;
      Child child = SamplePlan.amongUs(calls, go, "/bin/sh", "-c", script).start(calls, go);
      assertEquals(new Ended(new Outcome.Ran(), 0, 0), child.await());
      // ls itself opens the directory, as 3.
      assertEquals(List.of("0", "1", "2", "3"), Files.readAllLines(list));
    }
  }

  @Test
  void leavesNoDescriptorBehind() throws Exception {
    run(calls, "/bin/true");
    Set<String> before = descriptors();
    run(calls, "/bin/true");
    run(calls, "/nowhere");
    assertNoMoreThan(before);
  }

  /**
   * Allows fewer: the collector closes what earlier tests have forgotten. The JVM itself looks into
   * its control group now and then.
   */
  private static void assertNoMoreThan(Set<String> before) throws IOException {
    Set<String> more = descriptors();
    more.removeAll(before);
    more.removeIf(target -> target.startsWith("/sys/fs/cgroup/"));
    assertEquals(Set.of(), more);
  }

  /** Returns what they lead to: their numbers change when the collector closes one. */
  static Set<String> descriptors() throws IOException {
    Set<String> targets = new TreeSet<>();
    for (String name : new java.io.File("/proc/self/fd").list()) {
      try {
        targets.add(Files.readSymbolicLink(Path.of("/proc/self/fd", name)).toString());
      } catch (NoSuchFileException e) {
        // This is the descriptor of the directory itself, which is closed by now.
      }
    }
    return targets;
  }

  @Test
  void worksWhereChildrenWereIgnored() throws Exception {
    Signals.ignore(calls, Signals.SIGCHLD);
    assertEquals(7, run(calls, "/bin/sh", "-c", "exit 7").status());
  }

  private static Ended run(SystemCalls calls, String... command) throws ErrnoException {
    GoPipe go = GoPipe.open(calls);
    return SamplePlan.launch(calls, go, command).start(calls, go).await();
  }
}
