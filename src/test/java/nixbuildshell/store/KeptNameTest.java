package nixbuildshell.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the names, also in the hook and the completions, which have patterns of their own. */
class KeptNameTest {
  private static final List<String> COMPLETIONS =
      List.of(
          "share/bash-completion/completions/nix-build-shell",
          "share/fish/vendor_completions.d/nix-build-shell.fish",
          "share/zsh/site-functions/_nix-build-shell");

  @ParameterizedTest
  @CsvSource({
    "nix-build-probe-1.0.drv-0, probe-1.0,",
    "nix-build-probe-1.0.drv-12, probe-1.0,",
    "nix-build-a.drv-17-0, a,",
    "nix-build-a.drv-0.drv-3, a.drv-0,",
    "nix-build-a+b_1.0?=x.drv-0, a+b_1.0?=x,",
    "nix-4711-1234567,, 4711",
    "0123456789abcdfghijklmnpqr,,",
  })
  void readsWhatNixNamesADirectory(String name, String derivation, Long worker) {
    Optional<KeptName> expected =
        Optional.of(
            new KeptName(
                ByteString.of(name), Optional.ofNullable(derivation), Optional.ofNullable(worker)));
    assertEquals(expected, KeptName.of(ByteString.of(name)));
    assertEquals(expected, KeptName.at(ByteString.of(name)));
    assertEquals(expected, KeptName.at(ByteString.of("/x/" + name)));
    String inner = name.startsWith("nix-") ? "build" : "b";
    assertEquals(expected, KeptName.at(ByteString.of("/x/" + name + "/" + inner)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "build",
        "nix-build-.drv-0",
        "nix-build-a.drv",
        "nix-build-a.drv-",
        "nix-build-a.drv-x",
        "nix-build-a.drv-0-",
        "nix-build-a.drv-0\n",
        "nix-build-a b.drv-0",
        "nix-build-..drv-0",
        "nix-build-...drv-0",
        "copy of nix-build-probe-1.0.drv-0",
        "nix-build-a/b.drv-0",
        "xnix-build-a.drv-0",
        "nix-1",
        "nix-1-2-3",
        "nix-1-a",
        "nix-shell.x1",
        "0123456789abcdfghijklmnpq",
        "0123456789abcdfghijklmnpqrs",
        "0123456789abcdefghijklmnpq",
        "0123456789abcdfghijklmnpqr/build",
        "nix-4711-1234567/b",
      })
  void readsNothingElse(String name) {
    assertEquals(Optional.empty(), KeptName.of(ByteString.of(name)));
    assertEquals(Optional.empty(), KeptName.at(ByteString.of("/x/" + name)));
  }

  @ParameterizedTest
  @CsvSource({
    "nix-builds-1000-0123456789abcdfghijklmnpqr, true",
    "nix-builds-1000, false",
    "nix-builds-a-0123456789abcdfghijklmnpqr, false",
    "nix-builds-1000-0123456789abcdefghijklmnpq, false",
  })
  void knowsLixsPlacesInTmp(String name, boolean place) {
    assertEquals(place, KeptName.isPlace(ByteString.of(name)));
    assertEquals(Optional.empty(), KeptName.of(ByteString.of(name)));
  }

  /** Leaves out what a shell would take for a pattern, since the hook's hint is for pasting. */
  @Test
  void theHookKnowsTheSameNames() throws IOException {
    String hook = Files.readString(Path.of("hooks/nix-build-shell-hook.sh"));
    Matcher line = Pattern.compile("_nixBuildShell_it='(\\^.*\\$)'").matcher(hook);
    assertTrue(line.find());
    Pattern pattern = Pattern.compile(line.group(1));
    for (String path :
        List.of(
            "/tmp/nix-build-probe-1.0.drv-0",
            "/tmp/nix-build-probe-1.0.drv-0/build",
            "/tmp/nix-build-a+b_1=x.drv-12/build",
            "/nix/var/nix/builds/nix-4711-1234567/build",
            "/nix/var/nix/b/0123456789abcdfghijklmnpqr/b")) {
      assertTrue(pattern.matcher(path).matches(), path);
      assertTrue(KeptName.at(ByteString.of(path)).isPresent(), path);
    }
    for (String path :
        List.of(
            "/tmp/nix-build-a.drv",
            "/tmp/nix-build-a b.drv-0",
            "/tmp/nix-build-a.drv-0/build/build",
            "/tmp/x",
            "/nix/var/nix/builds/nix-1/build",
            "/nix/var/nix/builds/build",
            "/nix/var/nix/b/0123456789abcdefghijklmnpq/b")) {
      assertEquals(false, pattern.matcher(path).matches(), path);
      assertEquals(Optional.empty(), KeptName.at(ByteString.of(path)), path);
    }
  }

  @Test
  void theCompletionsLookWhereSuchNamesAre() throws IOException {
    for (String file : COMPLETIONS) {
      String text = Files.readString(Path.of(file));
      assertTrue(text.contains("/tmp/nix-build-"), file);
      assertTrue(text.contains("/nix/var/nix/builds/"), file);
      assertTrue(text.contains("/nix/var/nix/b/"), file);
    }
  }
}
