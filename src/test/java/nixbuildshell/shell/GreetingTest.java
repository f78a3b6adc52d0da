package nixbuildshell.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import nixbuildshell.ByteString;
import org.junit.jupiter.api.Test;

class GreetingTest {
  private static Greeting greeting(Facts.State state, boolean root, String... log) {
    return greeting(state, Optional.empty(), root, log);
  }

  private static Greeting greeting(
      Facts.State state, Optional<ByteString> derivation, boolean root, String... log) {
    return new Greeting(
        "buildPhase of probe-1.0 failed",
        List.of(log).stream().map(ByteString::new).toList(),
        Obstacles.NONE,
        Optional.of(ByteString.of("buildPhase")),
        ByteString.of("/s/probe-1.0-k3f9/build"),
        state,
        ByteString.of("/tmp/nix-build-probe 1.0.drv-0"),
        derivation,
        root);
  }

  @Test
  void itSaysWhatFailedWhereAndWhatToType() {
    assertEquals(
        List.of(
            "buildPhase of probe-1.0 failed",
            "  | error: no",
            "the working copy is /s/probe-1.0-k3f9/build",
            "retry runs buildPhase again, resume goes on from there, phases lists all"),
        greeting(Facts.State.HOOK, false, "error: no").lines());
  }

  @Test
  void whatIsMissingIsSaidWithWhatBringsIt() {
    String sudo = "sudo nix-build-shell '/tmp/nix-build-probe 1.0.drv-0' brings the variables";
    assertTrue(last(greeting(Facts.State.REBUILT, false)).contains(sudo));
    assertTrue(!last(greeting(Facts.State.REBUILT, true)).contains("sudo"));
    for (Facts.State state : List.of(Facts.State.ENVVARS, Facts.State.REBUILT, Facts.State.NONE)) {
      assertTrue(last(greeting(state, false)).contains("nixBuildShellHook"), state::toString);
    }
  }

  @Test
  void whereSomethingIsMissingAFreshRunIsOffered() {
    Optional<ByteString> drv = Optional.of(ByteString.of("/nix/store/x-probe-1.0.drv"));
    String offer = "nix-build-shell fresh --before buildPhase /nix/store/x-probe-1.0.drv";
    assertTrue(last(greeting(Facts.State.REBUILT, drv, false)).endsWith(offer));
    assertTrue(
        greeting(Facts.State.HOOK, drv, false).lines().stream()
            .noneMatch(it -> it.contains(offer)));
  }

  private static String last(Greeting greeting) {
    return greeting.lines().get(greeting.lines().size() - 1);
  }

  @Test
  void onlyWhatAProgramWroteInTheLastPhaseIsShown() {
    Greeting greeting =
        greeting(
            Facts.State.HOOK,
            false,
            "old",
            "Running phase: buildPhase",
            "no",
            "",
            "nix-build-shell: buildPhase of probe-1.0 failed",
            "    nix-build-shell /tmp/nix-build-probe-1.0.drv-0 bash",
            "(Nix keeps the directory only with --keep-failed)",
            "but");
    assertEquals(List.of("  | no", "  | but"), greeting.lines().subList(1, 3));
  }

  /** A build can write any line into its log, and as many as it likes. */
  @Test
  void linesOfTheLogAreFewShortAndHarmless() {
    String[] many = IntStream.range(0, 20).mapToObj(i -> "line " + i).toArray(String[]::new);
    assertTrue(greeting(Facts.State.NONE, false, many).lines().size() <= 9);
    List<String> lines =
        greeting(
                Facts.State.HOOK,
                false,
                "\u001b[31;1mred\u001b[0m\ta\u0007\u009b",
                "10%\r 20%\r100% done\r",
                "\u00c3\u00bc\u00ff \u001b]0;title\u0007",
                "x".repeat(1000))
            .lines()
            .subList(1, 5);
    assertEquals("  | red  a?\ufffd", lines.get(0));
    assertEquals("  | 100% done", lines.get(1));
    assertEquals("  | ü\ufffd ?]0;title?", lines.get(2));
    assertEquals("  | " + "x".repeat(160) + "…", lines.get(3));
  }
}
