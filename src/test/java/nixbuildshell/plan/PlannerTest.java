package nixbuildshell.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.sandbox.Identity;
import nixbuildshell.sandbox.NixSandbox;
import nixbuildshell.sandbox.Program;
import nixbuildshell.sandbox.SandboxSpec;
import org.junit.jupiter.api.Test;

/** The plans, whole and in order, against checked-in texts; no kernel is needed. */
class PlannerTest {
  private static final Path GOLDEN = Path.of("src/test/resources/nixbuildshell/plan");
  private static final ByteString SHELL =
      ByteString.of("/nix/store/00000000000000000000000000000000-bash-5.2/bin/bash");

  @Test
  void anOrdinaryUsersPlan() throws IOException {
    matches("user.txt", new Identity(1234, 5678, false), false, false);
  }

  @Test
  void anOrdinaryUsersPlanWithoutATerminalAndWithKvm() throws IOException {
    matches("user-kvm-no-terminal.txt", new Identity(1234, 5678, false), true, true);
  }

  @Test
  void rootsPlan() throws IOException {
    matches("root.txt", new Identity(30001, 30000, true), false, false);
  }

  private static void matches(String golden, Identity identity, boolean kvm, boolean ownSession)
      throws IOException {
    Program program =
        new Program(
            SHELL,
            List.of(SHELL, ByteString.of("-c"), ByteString.of("exec \"$@\""), ByteString.of("é\n")),
            List.of(ByteString.of("A=1")),
            "/build",
            ownSession);
    SandboxSpec spec = NixSandbox.of(identity, SHELL, kvm, program);
    Plan plan = Planner.plan(spec, new Planner.Descriptors(5, 6));
    if (System.getenv("UPDATE_GOLDEN") != null) {
      Files.writeString(GOLDEN.resolve(golden), plan.toString());
    }
    assertEquals(Files.readString(GOLDEN.resolve(golden)), plan.toString());
  }
}
