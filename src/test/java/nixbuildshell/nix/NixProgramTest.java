package nixbuildshell.nix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import nixbuildshell.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NixProgramTest {
  @TempDir Path directory;

  private NixProgram program(String script) throws IOException {
    Path file = Files.writeString(directory.resolve("program"), "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    return new NixProgram(file, Set.of("PATH"), Map.of(), () -> false);
  }

  private String why(String script) throws IOException {
    NixProgram program = program(script);
    return assertThrows(NixProgram.Unanswered.class, () -> program.run(List.of())).getMessage();
  }

  @Test
  void givesBytesForArguments() throws Exception {
    assertEquals(
        new ByteString("a b|\u00ff\n"), program("printf '%s|\\377\\n' \"$1\"").run(List.of("a b")));
  }

  @Test
  void hasNothingToReadAndLittleOfTheEnvironment() throws Exception {
    assertEquals(
        "",
        program("cat; env | grep -vE '^(PATH|PWD|SHLVL|_|OLDPWD)='; :")
            .run(List.of())
            .latin1()
            .strip());
  }

  @Test
  void tellsTheErrorOfAFailure() throws IOException {
    String why = why("echo warning: x >&2; echo error: it broke >&2; echo hint >&2; exit 4");
    assertTrue(why.endsWith("failed: error: it broke"), why);
    assertTrue(why("exit 4").endsWith("failed: status 4"));
    assertTrue(why("echo only this >&2; exit 4").endsWith("failed: only this"));
  }

  @Test
  void doesNotWaitForAProgramThatWritesTooMuch() throws IOException {
    String why = why("exec cat /dev/zero");
    assertTrue(why.endsWith("wrote more than 32 MiB"), why);
  }

  @Test
  void manyErrorsDoNotStopIt() throws Exception {
    assertEquals(
        "done\n", program("head -c 1000000 /dev/zero >&2; echo done").run(List.of()).latin1());
  }

  @Test
  void endsWithItsChildrenWhenItIsCancelled() throws Exception {
    NixProgram slow = slow();
    NixProgram program =
        new NixProgram(slow.file(), slow.environment(), Map.of(), this::hasStarted);
    assertThrows(CancellationException.class, () -> program.run(List.of()));
    expectEnd();
  }

  @Test
  void endsWithItsChildrenWhenItIsAskedInTheBackgroundNoLonger() throws Exception {
    NixProgram slow = slow();
    try (var question = new Background<>("question", () -> slow.run(List.of()))) {
      while (!hasStarted()) {
        Thread.sleep(10);
      }
    }
    expectEnd();
  }

  /** A program that does not end, nor does its child. */
  private NixProgram slow() throws IOException {
    return program("sleep 1000 & echo $$ $! >" + pids() + "; wait");
  }

  private Path pids() {
    return directory.resolve("pids");
  }

  private boolean hasStarted() {
    return pids().toFile().length() > 0;
  }

  private void expectEnd() throws Exception {
    for (String pid : Files.readString(pids()).strip().split(" ")) {
      Optional<ProcessHandle> process = ProcessHandle.of(Long.parseLong(pid));
      if (process.isPresent()) {
        process.get().onExit().get(5, TimeUnit.MINUTES);
      }
    }
  }

  /** A configuration can make Nix load code. */
  @Test
  void rootGivesNixNoConfiguration() {
    Set<String> configuration =
        Set.of("HOME", "XDG_CONFIG_HOME", "NIX_CONF_DIR", "NIX_CONFIG", "NIX_USER_CONF_FILES");
    Set<String> ofUser = environment(1000);
    Set<String> ofRoot = environment(0);
    assertTrue(ofUser.containsAll(configuration));
    assertTrue(Collections.disjoint(ofRoot, configuration));
    assertTrue(ofRoot.contains("NIX_REMOTE"));
  }

  private static Set<String> environment(long uid) {
    Map<String, ByteString> path = Map.of("PATH", ByteString.of("bin:/none:/bin"));
    Caller caller = Caller.of(path, Set.of(), Path.of("/none"), uid, 100, 0);
    return NixProgram.find(caller, "sh", () -> false).orElseThrow().environment();
  }

  @Test
  void cannotRunWhatIsNone() {
    NixProgram none = new NixProgram(directory.resolve("none"), Set.of(), Map.of(), () -> false);
    assertThrows(NixProgram.Unanswered.class, () -> none.run(List.of()));
  }

  @Test
  void settingsOfEitherNamesOfTheCommand() throws Exception {
    String answer = "echo 'sandbox-paths = /a=/b  /c?'";
    for (String last : List.of("show-config", "show")) {
      NixProgram nix =
          program("for last; do :; done; [ $last = " + last + " ] || exit 1; " + answer);
      assertEquals(
          List.of(ByteString.of("/a=/b"), ByteString.of("/c?")),
          nix.settings().words("sandbox-paths", "extra-sandbox-paths"));
    }
  }
}
