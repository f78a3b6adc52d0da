package nixbuildshell.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.Shell;
import nixbuildshell.sandbox.Program;
import nixbuildshell.session.Remembered;
import nixbuildshell.session.Sample;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SandboxProgramTest {
  private static final List<ByteString> NOTHING = List.of();

  private static final String ATTRIBUTES =
      "if [ -e /build/.attrs.sh ]; then source /build/.attrs.sh; source /build/env-vars;"
          + " export stdenv; for __output in \"${!outputs[@]}\"; do"
          + " export \"$__output=${outputs[$__output]}\"; done; unset __output; fi 2>/dev/null; ";

  /** Becomes the command, and says what to do when there is none. */
  private static final String BECOME =
      "trap '[ $? != 127 ] || case $1 in */* | *[[:space:]]*) ;; *) command -v -- \"$1\" >/dev/null"
          + " || echo \"nix-build-shell: cannot run $1: not in the build'\\''s PATH. Try:"
          + " --sandbox-path STOREPATH DIR STOREPATH/bin/$1\" >&2 ;; esac' EXIT; exec \"$@\"";

  private static List<ByteString> bytes(String... texts) {
    return List.of(texts).stream().map(ByteString::of).toList();
  }

  private static Program program(String shell, List<ByteString> command, boolean terminal) {
    Start start = new Start(Optional.of(new Shell(ByteString.of(shell))), bytes("A=b"), NOTHING);
    return SandboxProgram.of(start, command, "/build", terminal);
  }

  @Test
  void bashSourcesEnvVars() {
    assertEquals(
        bytes("/s/bash", "-c", "source /build/env-vars; " + ATTRIBUTES + BECOME, "--", "ls", "-la"),
        program("/s/bash", bytes("ls", "-la"), true).arguments());
    List<ByteString> shell = program("/s/bash", NOTHING, false).arguments();
    assertEquals(bytes("--", "/s/bash"), shell.subList(3, shell.size()));
  }

  /** An interactive bash reads no BASH_ENV, and another one has no prompt. */
  @ParameterizedTest
  @CsvSource({
    "'', true, PROMPT_COMMAND",
    "bash, true, PROMPT_COMMAND",
    "bash -i, true, PROMPT_COMMAND",
    "bash x.sh, true, BASH_ENV",
    "'', false, BASH_ENV",
    "/s/bash -c x, false, BASH_ENV",
    "fish, true, ''",
    "ls bash, false, ''",
  })
  void aBashReadsTheArrays(String line, boolean terminal, String by) {
    List<ByteString> command = line.isEmpty() ? NOTHING : bytes(line.split(" "));
    String script = program("/s/bash", command, terminal).arguments().get(2).latin1();
    assertEquals(by.equals("PROMPT_COMMAND"), script.contains("PROMPT_COMMAND="));
    assertEquals(by.equals("BASH_ENV"), script.contains("BASH_ENV="));
  }

  @Test
  void otherShellsGetTheEnvironmentFromTheKernel() {
    Program dash = program("/s/dash", bytes("ls", ""), true);
    assertEquals(bytes("/s/dash", "-c", BECOME, "sh", "ls", ""), dash.arguments());
    assertEquals(bytes("A=b"), dash.environment());
    assertEquals(
        bytes("/s/busybox", "sh", "-c", BECOME, "sh", "ls"),
        program("/s/busybox", bytes("ls"), true).arguments());
    assertEquals(bytes("/s/busybox", "sh"), program("/s/busybox", NOTHING, true).arguments());
  }

  @ParameterizedTest
  @CsvSource({
    "PATH=/a:/b, ls, /a/ls /b/ls",
    "PATH=/a::b:, ls, /a/ls ./ls b/ls ./ls",
    "PATH=/a, b/ls, b/ls",
    "PATH=/a, /ls, /ls",
    "XPATH=/a, ls, /bin/ls",
    "PATH=, ls, ./ls",
  })
  void withoutAShellTheCommandIsSearchedInPath(String variable, String command, String paths) {
    Program program =
        SandboxProgram.of(
            new Start(Optional.empty(), bytes(variable), NOTHING),
            bytes(command, "x"),
            "/build",
            false);
    assertEquals(bytes(paths.split(" ")), program.paths());
    assertEquals(bytes(command, "x"), program.arguments());
    assertTrue(program.isCommand());
  }

  @Test
  void withNeitherThereIsNothingToStart() {
    Start start = new Start(Optional.empty(), NOTHING, NOTHING);
    Failure failure =
        assertThrows(Failure.class, () -> SandboxProgram.of(start, NOTHING, "/build", true));
    assertTrue(failure.remedy().contains("--builder"), failure.remedy());
  }

  /** Any other command line runs exactly as given, and so does a shell that is no bash. */
  @ParameterizedTest
  @CsvSource({
    "/s/bash, '', true, true",
    "/s/bash, bash, true, true",
    "/s/bash, bash, false, false",
    "/s/bash, bash -i, true, false",
    "/s/bash, /s/bash, true, false",
    "/s/bash, sh, true, false",
    "/s/dash, '', true, false",
    "/s/busybox, bash, true, false",
  })
  void theShellAtTheFailureIsBashAloneOnATerminal(
      String shell, String line, boolean terminals, boolean expected) {
    Start start = new Start(Optional.of(new Shell(ByteString.of(shell))), NOTHING, NOTHING);
    List<ByteString> command = line.isEmpty() ? NOTHING : bytes(line.split(" "));
    assertEquals(expected, SandboxProgram.isAtTheFailure(start, command, terminals));
    Start none = new Start(Optional.empty(), NOTHING, NOTHING);
    assertFalse(SandboxProgram.isAtTheFailure(none, command, terminals));
  }

  @Test
  void aPhaseNeedsABash() {
    Start start =
        new Start(Optional.of(new Shell(ByteString.of("/s/bash"))), bytes("A=b"), NOTHING);
    Program program = SandboxProgram.phase(start, Optional.empty(), false, "/build");
    assertEquals(
        bytes("/s/bash", "-p", "/build/.nix-build-shell/shell/run.bash", "retry"),
        program.arguments());
    assertEquals(bytes("A=b"), program.environment());
    Start dash = new Start(Optional.of(new Shell(ByteString.of("/s/dash"))), NOTHING, NOTHING);
    Failure refused =
        assertThrows(
            Failure.class, () -> SandboxProgram.phase(dash, Optional.empty(), false, "/build"));
    assertTrue(refused.remedy().contains("--builder"), refused.remedy());
  }

  @Test
  void aSessionStartsTheSameWay() {
    for (List<ByteString> environment :
        List.of(NOTHING, List.of(new ByteString("A=\u00ff\n"), ByteString.of("B=")))) {
      Start start = new Start(Optional.empty(), environment, bytes("/s/x/bin"));
      Remembered some =
          Sample.remembered(Remembered.Kind.INTERACTIVE, ByteString.EMPTY, ByteString.EMPTY);
      Remembered remembered =
          new Remembered(
              some.kind(),
              some.origin(),
              some.name(),
              Optional.empty(),
              Optional.empty(),
              environment,
              start.programs(),
              some.sandbox(),
              some.store());
      assertEquals(start, Start.again(remembered, nixbuildshell.store.NixStore.DEFAULT));
    }
  }

  /** The build's own programs come first, in the shells below too. */
  @Test
  void broughtProgramsAreAtTheEndOfPath() {
    List<ByteString> brought = bytes("/s/x/bin", "/s/y/bin");
    String added = "PATH=${PATH:+$PATH:}/s/x/bin:/s/y/bin; export PATH";
    Start bash = new Start(Optional.of(new Shell(ByteString.of("/s/bash"))), NOTHING, brought);
    String script = SandboxProgram.of(bash, NOTHING, "/build", false).arguments().get(2).latin1();
    assertTrue(script.contains("source /build/env-vars; " + added + "' >|$BASH_ENV; "), script);
    assertTrue(script.endsWith("fi 2>/dev/null; " + added + "; " + BECOME), script);
    for (Optional<Shell> other :
        List.of(Optional.of(new Shell(ByteString.of("/s/dash"))), Optional.<Shell>empty())) {
      Start start = new Start(other, bytes("PATH=/a", "A=b"), brought);
      assertEquals(
          bytes("A=b", "PATH=/a:/s/x/bin:/s/y/bin"),
          SandboxProgram.of(start, bytes("ls"), "/build", false).environment());
    }
  }
}
