package nixbuildshell.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.SystemCalls;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Runs the interpreter of this machine's architecture. */
class InterpreterTest {
  private final SystemCalls calls = new SystemCalls(Kernels.best(Optional::empty));

  @TempDir Path directory;

  @TestFactory
  List<DynamicTest> runsPlans() {
    GoPipe output = GoPipe.open(calls);
    return InterpreterCase.all(directory, output.ends().write())
        .map(example -> DynamicTest.dynamicTest(example.name(), () -> run(example)))
        .toList();
  }

  private void run(InterpreterCase example) throws Exception {
    Launch launch =
        new Launch(
            example.plan(), 0, SamplePlan.NO_MAPS, OptionalInt.empty(), false, Optional.empty());
    SharedImage image = launch.image(calls);
    Child child = launch.waiting(calls, GoPipe.open(calls), image);
    List<Long> results = Records.results(calls, child, image, example.plan().steps().size());
    Ended ended = child.await();
    assertEquals(example.outcome(), ended.outcome());
    assertEquals(example.status(), ended.status());
    if (!example.results().isEmpty()) {
      assertEquals(example.results(), results);
    }
    if (example.name().equals("hands on results")) {
      assertEquals("abc", Files.readString(directory.resolve("to")));
    }
  }
}
