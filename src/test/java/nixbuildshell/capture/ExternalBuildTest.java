package nixbuildshell.capture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.store.KeptFiles;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.TestStore;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests builds of Nix's external-builders, which leave build.json beside the build directory. */
class ExternalBuildTest {
  private static final StorePath OUT = TestStore.path("aa", "probe-1.0");
  private static final String JSON =
      """
      {"version":1,"builder":"%s","args":["-e","build.sh"],
       "env":{"A":"it's","name":"probe-1.0","out":"%s"},
       "topTmpDir":"/nix/var/nix/builds/nix-1-2","storeDir":"/nix/store","system":"x86_64-linux",
       "inputPaths":["/nix/store/%s","%s"],"outputs":{"out":"%s"}}
      """
          .formatted(
              TestStore.SHELL,
              TestStore.whole(OUT),
              TestStore.BASH,
              TestStore.whole(OUT),
              TestStore.whole(OUT));

  @TempDir Path root;
  private TestStore store;

  @BeforeEach
  void makeStore() {
    store = new TestStore(root);
  }

  private FailedBuild build(String json, boolean builder) {
    return Reconstruction.of(
        KeptFiles.named("nix-1-2").withBuildJson(json),
        TestRequest.of(Optional.empty(), builder),
        store.finder());
  }

  private static <T> Fact<T> fact(T value) {
    return new Fact<>(value, Fact.Source.BUILD_JSON);
  }

  @Test
  void saysWhatTheBuilderGotWhereNoDerivationIsFound() {
    FailedBuild build = build(JSON, false);
    assertEquals(fact("probe-1.0"), build.name());
    assertEquals(Optional.empty(), build.derivation());
    assertEquals(Optional.of(fact(ByteString.of(TestStore.SHELL))), build.run().shell());
    assertEquals(fact(OUT), build.store().outputs().get("out"));
    assertEquals(
        Optional.of(fact(List.of(StorePath.find(TestStore.BASH).orElseThrow()))),
        build.store().paths());
    assertEquals(Optional.empty(), build.sandbox().network().had());
    FailedBuild.Rebuilt rebuilt =
        assertInstanceOf(FailedBuild.Rebuilt.class, build.run().environment());
    String script = rebuilt.envVars().script().latin1();
    assertTrue(script.startsWith("declare -x A='it'\\''s'\n"), script);
  }

  @Test
  void theBuilderIsCalledAsItWas() {
    FailedBuild build = build(JSON, true);
    BuilderCall call = build.run().call().orElseThrow();
    assertEquals(ByteString.of(TestStore.SHELL), call.path());
    assertEquals("[bash, -e, build.sh]", call.arguments().toString());
    assertEquals(ByteString.of("it's"), call.environment().get(ByteString.of("A")));
  }

  @Test
  void aDerivationThatIsFoundSaysMore() throws IOException {
    StorePath drv = store.derivation("d1", "probe-1.0", OUT);
    store.log(drv, ".bz2", KeptFiles.FAILED);
    assertEquals(drv, build(JSON, false).derivation().orElseThrow().value());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "1 | it's | it\\u0000s",
        "2 | \"A\" | \"A=B\"",
        "3 | \"A\" | \"\"",
        "4 | \"A\" | \"A\\u0000\"",
        "5 | [\"-e\",\"build.sh\"] | \"-e\"",
        "6 | [\"-e\",\"build.sh\"] | [1]",
        "7 | {\"out\": | {\"../out\":",
        "8 | \"inputPaths\":[\"/nix | \"inputPaths\":[\"/etc/passwd\",\"/nix",
        "9 | \"builder\" | \"bilder\"",
        "10 | \"system\":\"x86_64-linux\" | \"system\":null",
        "11 | {\"version\" | [{\"version\"",
        "12 | \"version\":1 | \"builder\":\"/bin/sh\"",
        "13 | \"version\":1 | \"version\":[[[[[[[[[[[[1]]]]]]]]]]]]",
      })
  void whatNixNeverWritesIsIgnored(int row, String text, String replacement) {
    String json = JSON.replace(text, replacement);
    assertTrue(!json.equals(JSON), json);
    Failure failure = assertThrows(Failure.class, () -> build(json, false));
    assertTrue(failure.getMessage().startsWith("cannot tell what /tmp/nix-1-2 was: "));
    assertTrue(failure.getMessage().contains(", build.json is ignored: "), failure.getMessage());
  }
}
