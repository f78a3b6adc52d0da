package nixbuildshell.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.capture.Bash;
import nixbuildshell.capture.Shell;
import nixbuildshell.sandbox.Program;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests what a real bash makes of a setup script, in a build directory of the test's. */
class SetupProgramTest {
  private static final Bash BASH = new Bash("/usr/bin/bash", "");
  private static final String GENERIC = "source $stdenv/setup; genericBuild";

  @TempDir Path directory;

  static Stream<Bash> shells() {
    return Stream.of("/usr/bin/bash", "/usr/bin/bash-static")
        .flatMap(program -> Stream.of("", "C.UTF-8").map(locale -> new Bash(program, locale)));
  }

  /** Writes a setup that does to a shell what nixpkgs' does, then what the text says. */
  private void setup(String extra) throws IOException {
    Files.writeString(
        directory.resolve("setup"),
        """
        set -eu
        set -o pipefail
        shopt -s inherit_errexit nullglob
        failureHook() { echo failure hook; }
        exitHandler() { exitCode=$?; set +e; failureHook; return "$exitCode"; }
        trap exitHandler EXIT
        export PATH=/usr/bin:/bin
        export configured="it's so"
        hooks=(a "b c")
        runPhase() { echo "ran $1"; }
        genericBuild() {
          export GZIP_NO_TIMESTAMPS=1
          if [ -n "${buildCommand:-}" ]; then eval "$buildCommand"; return; fi
          for curPhase in ${phases:-buildPhase}; do runPhase "$curPhase"; done
        }
        echo sourced >> %s/log
        echo "structuredAttrs is enabled"
        echo to stdout
        read -r line || :
        %s
        set +eu
        """
            .formatted(directory, extra));
  }

  /**
   * Runs the program.
   *
   * @param builder the builder's arguments after argv[0]
   */
  private Bash.Result run(Bash bash, String variables, String... builder) throws Exception {
    Files.writeString(directory.resolve("env-vars"), variables);
    Start start =
        new Start(Optional.of(new Shell(ByteString.of(bash.program()))), List.of(), List.of());
    List<ByteString> call = new ArrayList<>(List.of(ByteString.of("bash")));
    Stream.of(builder).map(ByteString::of).forEach(call::add);
    Program program = SetupProgram.of(start, call, directory.toString());
    assertFalse(program.readsInput());
    return bash.run(
        "exec \"$@\"", program.arguments().stream().map(ByteString::latin1).toArray(String[]::new));
  }

  private Bash.Result run(Bash bash) throws Exception {
    return run(bash, "declare -x stdenv='" + directory + "'\n", "-ec", GENERIC);
  }

  private String look(Bash bash, String file, String script) throws Exception {
    Bash.Result result = bash.run("source \"$1\"; " + script, directory.resolve(file).toString());
    assertEquals("", result.err().latin1());
    return result.out().latin1();
  }

  private static final String LOOK =
      """
      echo "options $-, $(shopt -po pipefail), $(shopt -p nullglob)"
      trap; echo "PATH $PATH"; echo "configured ${configured-not}"; echo "gzip ${GZIP_NO_TIMESTAMPS-not}"
      echo "hooks ${hooks[*]-lost}"; compgen -A function; compgen -v _nixBuildShell
      """;

  private static final String PLAIN =
      """
      options hBc, set +o pipefail, shopt -u nullglob
      PATH /usr/bin:/bin
      configured it's so
      gzip %s
      hooks lost
      """;

  @ParameterizedTest
  @MethodSource("shells")
  void leavesWhatTheProgramsOfABuildGot(Bash bash) throws Exception {
    setup("");
    Bash.Result result = run(bash);
    assertEquals("to stdout\n", result.err().latin1());
    assertEquals("", result.out().latin1());
    assertEquals(0, result.status());
    assertEquals(PLAIN.formatted("1"), look(bash, "env-vars", LOOK));
    assertEquals("sourced\n", Files.readString(directory.resolve("log")));
  }

  @ParameterizedTest
  @MethodSource("shells")
  void leavesAllOfTheShell(Bash bash) throws Exception {
    setup("declare -A map=([a]='x y'); declare -i number=3; trap 'echo own trap' EXIT");
    run(bash);
    assertEquals(
        """
        options ehBc, set -o pipefail, shopt -s nullglob
        hooks a b c, x y, declare -i number="3"
        exitHandler
        failureHook
        genericBuild
        runPhase
        ran buildPhase
        """,
        look(
            bash,
            SetupProgram.ENVIRONMENT.latin1(),
            """
            echo "options $-, $(shopt -po pipefail), $(shopt -p nullglob)"
            trap; echo "hooks ${hooks[*]}, ${map[a]}, $(declare -p number)"; compgen -A function
            compgen -v _nixBuildShell || genericBuild
            """));
  }

  @ParameterizedTest
  @CsvSource({
    "exit 3",
    "exit 0",
    "false",
    "echo $nothing 2> /dev/null",
    "shopt -s extglob; trap 'echo own trap' EXIT; exit 1",
    "exit() { builtin exit 5; }; exit",
    "stop() { exit 1; }; stop > /dev/null"
  })
  void aSetupThatFailsLeavesWhatItHadDone(String failure) throws Exception {
    setup(failure);
    Bash.Result result = run(BASH);
    String said = result.err().latin1();
    assertTrue(
        said.endsWith(
            "nix-build-shell: "
                + directory
                + "/setup failed: going on with what it had set up by then\n"),
        said);
    assertTrue(said.startsWith("to stdout\n") && !said.contains("failure hook"), said);
    assertEquals(PLAIN.formatted("not"), look(BASH, "env-vars", LOOK));
    assertEquals(
        "a b c\n", look(BASH, SetupProgram.ENVIRONMENT.latin1(), "builtin echo \"${hooks[*]}\""));
  }

  @Test
  void aMissingSetupIsSaid() throws Exception {
    Bash.Result result = run(BASH, "declare -x stdenv=/nix/none\ndeclare -x PATH=/path-not-set\n");
    assertEquals(
        "nix-build-shell: /nix/none/setup is missing: going on without stdenv's phases and PATH\n",
        result.err().latin1());
    assertEquals("/path-not-set\n", look(BASH, "env-vars", "echo \"$PATH\""));
  }

  /** The environment that the build itself replaced is not there to be read. */
  @Test
  void aShellThatIsReplacedLeavesNoResult() throws Exception {
    setup("exec true");
    run(BASH);
    assertFalse(Files.exists(directory.resolve(SetupProgram.ENVIRONMENT.latin1())));
  }

  /** A builder of its own does not call genericBuild, and gets nothing of it. */
  @ParameterizedTest
  @CsvSource({
    "-e, /script, genericBuild, 1",
    "-e, /script, 'make install', not",
    "-ec, 'genericBuild', '', 1",
    "-ec, 'make', '', not",
  })
  void takesWhatGenericBuildExportsWhereTheBuilderCallsIt(
      String option, String argument, String script, String expected) throws Exception {
    Files.writeString(directory.resolve("script"), script);
    setup("");
    run(
        BASH,
        "declare -x stdenv='" + directory + "'\n",
        option,
        argument.replace("/script", directory + "/script"));
    assertEquals(PLAIN.formatted(expected), look(BASH, "env-vars", LOOK));
  }

  @ParameterizedTest
  @CsvSource({
    "declare -x buildCommand='touch %s/touched'",
    "declare -x buildCommandPath=%s/script",
    "declare -x phases='one two'",
    "phases=(one two)",
    "phases=(); export more=1",
  })
  void runsNoPhase(String variables) throws Exception {
    Files.writeString(directory.resolve("script"), "touch " + directory + "/touched");
    setup(variables.formatted(directory));
    assertEquals("to stdout\n", run(BASH).err().latin1());
    assertFalse(Files.exists(directory.resolve("touched")));
    assertEquals(PLAIN.formatted("1"), look(BASH, "env-vars", LOOK));
    String declared = variables.startsWith("phases=()") ? "()" : "one two";
    assertTrue(
        !variables.contains("phases=")
            || look(BASH, SetupProgram.ENVIRONMENT.latin1(), "echo \"${phases[*]:-()}\"")
                .equals(declared + "\n"));
  }
}
