package nixbuildshell.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.GuardPlan.Patience;
import nixbuildshell.plan.GuardPlan.Pipes;
import nixbuildshell.sandbox.CallFilter;
import nixbuildshell.sandbox.Identity;
import nixbuildshell.sandbox.Program;
import nixbuildshell.terminal.Streams;
import org.junit.jupiter.api.Test;

/** Compares the plans of {@code attach} with what they are to be. */
class GuardPlanTest {
  private static final Path GOLDEN = Path.of("src/test/resources/nixbuildshell/plan");

  private static Plan guard(long seconds, OptionalInt log) {
    Pipes pipes = new Pipes(new PipeEnds(10, 11), 13, 14, 16, log);
    return new GuardPlan(
            List.of(70L, 72L), pipes, new Patience(seconds, 240, ByteString.of("still\n")))
        .plan();
  }

  @Test
  void aGuardOfTwoThreads() throws IOException {
    matches("guard.txt", guard(0, OptionalInt.empty()));
  }

  @Test
  void aLineNowAndThen() {
    List<String> calls =
        guard(600, OptionalInt.of(12)).steps().stream()
            .map(Step::toString)
            .dropWhile(call -> !call.startsWith("ppoll"))
            .limit(8)
            .toList();
    String line =
        "write(12, \"...\", 6) or EIO: Nix does not read any more or EAGAIN: Nix does not read now";
    assertEquals(
        List.of(
            waits("240"), line, waits("240"), line, waits("120"), "close(11)", waits("240"), line),
        calls);
  }

  private static String waits(String seconds) {
    return "ppoll({signals, lease}, 2, {" + seconds + " s}, NULL, 8) = 0";
  }

  /** No step after the hold is tolerated to go on when the build has died or was left. */
  @Test
  void everyWaitEndsTheGuardUnlessItTimesOut() {
    List<Step> steps = guard(600, OptionalInt.of(12)).steps();
    List<Step> waits = steps.stream().filter(it -> it.syscall() == Syscall.PPOLL).toList();
    assertTrue(waits.stream().allMatch(it -> it.expected().getAsLong() == 0), "expected");
    assertTrue(waits.stream().allMatch(it -> it.tolerated().isEmpty()), "tolerated");
    assertEquals(waits.get(waits.size() - 1), steps.get(steps.size() - 1));
  }

  @Test
  void theProcessThatEnters() throws IOException {
    AttachPlan plan =
        new AttachPlan(
            9,
            0x7e020000L,
            new Identity(30001, 30000, true),
            List.of(new AttachPlan.Limit(-1, -1), new AttachPlan.Limit(0, -1)),
            0x40000,
            List.of(ByteString.of(new byte[16])),
            CallFilter.LEAST,
            false,
            Map.of(ByteString.of("/root/nix/store/h-glibc"), "/nix/store/h-glibc"),
            new AttachPlan.Files(
                List.of("/build/.nix-build-shell"),
                Map.of("start.bash", ByteString.of("true\n")),
                Optional.of(Map.entry("/build/manifest.json", ByteString.of("{}\n")))),
            new Program(
                List.of(ByteString.of("/bin/bash")),
                List.of(ByteString.of("/bin/bash")),
                List.of(ByteString.of("A=b")),
                "/build/source",
                true,
                false),
            OptionalInt.of(8));
    matches(
        "attach.txt",
        plan.plan(new PipeEnds(20, 21), Streams.explained(List.of()), OldKernel.NONE));
  }

  /** Before the process is the build user it makes no call with a path in the build's root. */
  @Test
  void rootUsesNoPathInside() throws IOException {
    List<String> lines = Files.readAllLines(GOLDEN.resolve("attach.txt"));
    int entered = first(lines, "setns(");
    int dropped = first(lines, "setresuid(");
    assertTrue(0 < entered && entered < dropped, "order");
    assertTrue(
        lines.subList(entered, dropped).stream().noneMatch(line -> line.contains("\"/")),
        "no path");
  }

  private static int first(List<String> lines, String call) {
    return IntStream.range(0, lines.size())
        .filter(i -> lines.get(i).contains(call))
        .findFirst()
        .orElseThrow();
  }

  private static void matches(String golden, Plan plan) throws IOException {
    if (System.getenv("UPDATE_GOLDEN") != null) {
      Files.writeString(GOLDEN.resolve(golden), plan.toString());
    }
    assertEquals(Files.readString(GOLDEN.resolve(golden)), plan.toString());
  }
}
