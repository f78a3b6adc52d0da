package nixbuildshell.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.sandbox.Identity;
import nixbuildshell.sandbox.NixSandbox;
import nixbuildshell.sandbox.Program;
import nixbuildshell.sandbox.SampleRequest;
import nixbuildshell.sandbox.SandboxSpec;
import nixbuildshell.sandbox.StoreView;
import org.junit.jupiter.api.Test;

class ProgramStepsTest {

  private static List<Step> executions(String... paths) {
    Program program =
        new Program(
            Stream.of(paths).map(ByteString::of).toList(),
            List.of(ByteString.of("ls")),
            List.of(),
            "/build",
            true,
            true);
    Identity identity = new Identity(1234, 5678, false);
    SandboxSpec spec =
        NixSandbox.of(SampleRequest.of(identity, Optional.empty(), new StoreView.Whole()), program);
    List<Step> steps =
        new ArrayList<>(
            Planner.plan(spec, new PipeEnds(5, 6), SampleStreams.INHERITED, OldKernel.NONE)
                .steps());
    steps.removeIf(step -> step.syscall() != Syscall.EXECVE);
    return steps;
  }

  @Test
  void aProgramIsExecutedOnce() {
    List<Step> only = executions("/a/ls");
    assertEquals(1, only.size());
    assertEquals(List.of(), only.get(0).tolerated());
  }

  @Test
  void eachAlternativeFollowsOneThatMayBeMissing() {
    List<Step> steps = executions("/a/ls", "/b/ls", "c/ls");
    assertEquals(
        List.of("execute /a/ls", "execute /b/ls", "execute c/ls"),
        steps.stream().map(Step::label).toList());
    List<Errno> missing = List.of(Errno.ENOENT, Errno.ENOTDIR, Errno.EACCES);
    assertEquals(
        List.of(missing, missing, List.of()),
        steps.stream()
            .map(step -> step.tolerated().stream().map(Step.Tolerated::errno).toList())
            .toList());
  }
}
