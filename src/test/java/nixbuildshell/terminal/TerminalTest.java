package nixbuildshell.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.launch.GoPipe;
import nixbuildshell.launch.Tools;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TerminalTest {
  private final SystemCalls calls = new SystemCalls(Kernels.best(Optional::empty));

  @Test
  void aPipeIsNoTerminalAndNorIsNothing() {
    try (GoPipe pipe = GoPipe.open(calls)) {
      assertTrue(new Terminal(calls, pipe.ends().read()).modes().isEmpty());
    }
    assertTrue(new Terminal(calls, -1).modes().isEmpty());
  }

  /** Runs on its own terminal, which script(1) makes. */
  @Test
  void worksFromTheBackgroundToo(@TempDir Path directory) throws Exception {
    String script = Tools.need("script");
    Path output = directory.resolve("output");
    String java = String.join("' '", Tools.java(OnTerminal.class, output.toString()));
    String command = "'" + java + "'; exit $?"; // not exec: the shell stays the session's leader
    Process process =
        new ProcessBuilder(script, "-qec", command, "/dev/null")
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    boolean ended = process.waitFor(5, TimeUnit.MINUTES);
    process.destroyForcibly();
    assertTrue(ended, "stopped by SIGTTOU");
    assertEquals(
        List.of("in the foreground: false", "settings changed: true", "settings restored: true"),
        Files.readAllLines(output));
  }

  /** Puts its process into the background, and sets the modes from there. */
  static final class OnTerminal {
    private OnTerminal() {}

    public static void main(String[] arguments) throws Exception {
      SystemCalls calls = new SystemCalls(Kernels.best(Optional::empty));
      Terminal terminal = new Terminal(calls, 0);
      int self = (int) ProcessHandle.current().pid();
      calls.must("cannot make a process group", Syscall.SETPGID, 0, 0);

      Modes before = terminal.modes().orElseThrow();
      Modes without = before.raw();
      StringBuilder lines = new StringBuilder();
      line(lines, "in the foreground", terminal.foreground().orElseThrow() == self);
      terminal.set(without);
      line(lines, "settings changed", terminal.modes().orElseThrow().equals(without));
      terminal.set(before);
      line(lines, "settings restored", terminal.modes().orElseThrow().equals(before));
      Files.writeString(Path.of(arguments[0]), lines);
    }

    private static void line(StringBuilder lines, String what, boolean is) {
      lines.append(what).append(": ").append(is).append('\n');
    }
  }
}
