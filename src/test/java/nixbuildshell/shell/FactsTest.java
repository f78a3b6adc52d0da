package nixbuildshell.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.capture.Recipe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FactsTest {
  private static final String ODD = "a'b \"$(touch x)\" `y` \\ \n\u00ff";

  @TempDir Path directory;

  /** Whatever the build is called, bash gets its bytes and runs nothing. */
  @Test
  void theScriptIsSafeToSource() throws IOException {
    ByteString odd = new ByteString(ODD);
    Facts facts =
        new Facts(
            "probe-1.0",
            Optional.of(odd),
            Optional.of(odd),
            "/build",
            ByteString.of("/nix/store/x/bin/bash"),
            Facts.State.REBUILT,
            Optional.of(new Recipe(List.of(odd, odd), List.of("f'"), List.of("outputHash"), true)),
            Map.of("o'ut", "/out"),
            List.of("/out"));
    Path script = directory.resolve("facts.bash");
    Files.write(script, facts.script().plus(Facts.ofRun(odd, List.of(odd))).bytes());
    String shown =
        "set -eu; cd "
            + directory
            + "; . ./facts.bash; printf '%s|' \"$nbsFactName\" \"$nbsFactPhase\" \"$nbsFactTop\""
            + " \"$nbsFactState\" \"$nbsFactStructured\" \"${#nbsFactBuilder[@]}\""
            + " \"${nbsFactBuilder[1]}\" \"${nbsFactFiles[0]}\" \"${nbsFactOutputs[\"o'ut\"]}\""
            + " \"$nbsFactSession\" \"${nbsFactWith[0]}\" \"${nbsFactBegan[@]}\""
            + " \"${nbsFactChecks[@]}\"; ls";
    Process bash = new ProcessBuilder("env", "LC_ALL=C", "bash", "-c", shown).start();
    assertEquals(
        "probe-1.0|"
            + ODD
            + "|/build|rebuilt|1|2|"
            + ODD
            + "|f'|/out|"
            + ODD
            + "|"
            + ODD
            + "|/out|outputHash|facts.bash\n",
        new String(bash.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1));
  }
}
