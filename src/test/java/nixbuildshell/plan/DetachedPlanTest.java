package nixbuildshell.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.sandbox.Program;
import org.junit.jupiter.api.Test;

class DetachedPlanTest {
  @Test
  void leavesTheCallersTerminalAndDescriptors() {
    Program program =
        new Program(
            List.of(ByteString.of("/x")),
            List.of(ByteString.of("x"), ByteString.of("y")),
            List.of(),
            ".",
            false,
            false);
    List<Step> steps = new DetachedPlan(program, 7, OldKernel.NONE).plan().steps();
    assertEquals(
        List.of(
            "setsid()",
            "keyctl(KEYCTL_JOIN_SESSION_KEYRING, NULL) or ENOSYS: a kernel without keyrings or"
                + " EPERM: a container's filter forbids keyrings, the caller's too",
            "openat(AT_FDCWD, \"/dev/null\", O_RDWR|O_CLOEXEC)",
            "dup3(7, 0, 0)",
            "dup3(result of 3, 1, 0)",
            "dup3(result of 3, 2, 0)",
            "close_range(3, ~0U, 0)"),
        steps.subList(0, 7).stream().map(Step::toString).toList());
    assertEquals("execve(\"/x\", [\"x\", \"y\"], [])", steps.get(steps.size() - 1).toString());
    assertTrue(
        steps.get(steps.size() - 2).toString().startsWith("rt_sigprocmask(SIG_SETMASK"),
        "no signal is blocked");
  }
}
