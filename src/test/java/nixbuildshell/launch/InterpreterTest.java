package nixbuildshell.launch;

import static nixbuildshell.plan.Argument.number;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Abi;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.plan.Argument;
import nixbuildshell.plan.Argument.Number;
import nixbuildshell.plan.Outcome;
import nixbuildshell.plan.Plan;
import nixbuildshell.plan.Step;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
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

  /**
   * A filter of a running build can feign that any call succeeds. Behind the last step lie the data
   * of the plan, which would be run: here a record that makes {@code exit(42)}.
   */
  @Test
  void diesWhereAFilterFeignsItsExit() throws Exception {
    byte[] record = new byte[128];
    ByteBuffer words = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);
    words.putLong(calls.abi() == Abi.X86_64 ? 60 : 93).putLong(42);
    Argument behind = new Argument.Data(ByteString.of(record), "a record");
    Step data = Step.of("write nothing", Syscall.WRITE, number(-1), behind, zero());
    data = data.tolerating(Errno.EBADF, "test");
    Number renounce = new Number(38, "PR_SET_NO_NEW_PRIVS");
    Step set = Step.of("renounce", Syscall.PRCTL, renounce, number(1), zero(), zero(), zero());
    Number mode = new Number(1, "SECCOMP_SET_MODE_FILTER");
    Step filter =
        Step.of("filter", Syscall.SECCOMP, mode, zero(), new Argument.CopiedFilter(feigned()));
    Step end = Step.of("end", Syscall.EXIT_GROUP, number(7));
    run(
        new InterpreterCase(
            "feigned",
            new Plan(List.of(data, set, filter, end)),
            new Outcome.Unexpected(3, end, 0),
            128 + 4,
            List.of(-9L, 0L, 0L, 0L)));
  }

  /** Returns a filter that answers exit_group with 0, in instructions of seccomp(2). */
  private ByteString feigned() {
    ByteBuffer program = ByteBuffer.allocate(4 * 8).order(ByteOrder.LITTLE_ENDIAN);
    program.putShort((short) 0x20).putShort((short) 0).putInt(0);
    program.putShort((short) 0x15).put((byte) 0).put((byte) 1);
    program.putInt(Syscall.EXIT_GROUP.number(calls.abi()));
    program.putShort((short) 0x06).putShort((short) 0).putInt(0x00050000);
    program.putShort((short) 0x06).putShort((short) 0).putInt(0x7fff0000);
    return ByteString.of(program.array());
  }

  private static Argument zero() {
    return number(0);
  }

  private void run(InterpreterCase example) throws Exception {
    Launch launch =
        new Launch(
            example.plan(), 0, SamplePlan.NO_MAPS, OptionalInt.empty(), false, Optional.empty());
    SharedImage image = launch.image(calls);
    Child child = launch.waiting(calls, GoPipe.open(calls), image);
    List<Long> results = Records.results(calls, child, image, example.plan().parts().size());
    Ended ended = child.await();
    assertEquals(example.outcome(), ended.outcome());
    assertEquals(example.status(), ended.status());
    if (!example.results().isEmpty()) {
      assertEquals(example.results(), results);
    }
    example.assertFiles(directory);
  }
}
