package nixbuildshell.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.Stream;
import nixbuildshell.plan.Outcome;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Real clones in real namespaces. */
class LaunchTest {
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
  }

  private static Ended run(SystemCalls calls, String... command) throws Refused {
    GoPipe go = GoPipe.open(calls);
    return SamplePlan.launch(calls, go, command).start(calls, go).await();
  }
}
