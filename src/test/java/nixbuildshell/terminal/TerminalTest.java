package nixbuildshell.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
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
      assertTrue(Terminal.at(calls, pipe.ends().read()).isEmpty());
    }
    assertTrue(Terminal.at(calls, -1).isEmpty());
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
        List.of(
            "in the foreground: false",
            "settings changed: true",
            "settings restored: true",
            "put into the foreground: true",
            "in the foreground: true"),
        Files.readAllLines(output));
  }

  /** Puts its process into the background, and back into the foreground. */
  static final class OnTerminal {
    private OnTerminal() {}

    public static void main(String[] arguments) throws Exception {
      SystemCalls calls = new SystemCalls(Kernels.best(Optional::empty));
      Terminal terminal = Terminal.at(calls, 0).orElseThrow();
      int self = (int) ProcessHandle.current().pid();
      calls.must("cannot make a process group", Syscall.SETPGID, 0, 0);

      byte[] before = terminal.attributes().orElseThrow();
      byte[] without = before.clone();
      without[12] ^= 8; // ECHO in c_lflag
      StringBuilder lines = new StringBuilder();
      line(lines, "in the foreground", terminal.foreground().orElseThrow() == self);
      terminal.setAttributes(without);
      line(lines, "settings changed", same(terminal, without));
      terminal.setAttributes(before);
      line(lines, "settings restored", same(terminal, before));
      line(lines, "put into the foreground", terminal.setForeground(self));
      line(lines, "in the foreground", terminal.foreground().orElseThrow() == self);
      Files.writeString(Path.of(arguments[0]), lines);
    }

    private static boolean same(Terminal terminal, byte[] attributes) {
      return Arrays.equals(attributes, terminal.attributes().orElseThrow());
    }

    private static void line(StringBuilder lines, String what, boolean is) {
      lines.append(what).append(": ").append(is).append('\n');
    }
  }
}
