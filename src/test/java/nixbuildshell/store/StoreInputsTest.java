package nixbuildshell.store;

import static nixbuildshell.store.TestStore.whole;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.Malformed;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StoreInputsTest {
  private static final StorePath INPUT = TestStore.path("0a", "input.drv");
  private static final StorePath OUT = TestStore.path("0b", "input");
  private static final StorePath DEV = TestStore.path("0c", "input-dev");
  private static final StorePath SOURCE = TestStore.path("0d", "source.sh");

  @TempDir Path directory;
  private TestStore store;

  @BeforeEach
  void makeStore() {
    store = new TestStore(directory);
  }

  private StoreInputs inputs(String outputs) throws Exception {
    String text =
        "Derive([(\"out\",\"%s\",\"\",\"\")],[(\"%s\",[%s])],[\"%s\"],\"x\",\"/x\",[],[])"
            .formatted(whole(TestStore.path("0f", "failed")), whole(INPUT), outputs, whole(SOURCE));
    Derivation derivation =
        DerivationParser.parse(StoreDirectory.DEFAULT, text.getBytes(StandardCharsets.US_ASCII));
    return StoreInputs.of(store.finder().store(), derivation);
  }

  private void input(String out, String dev) throws IOException {
    store.write(
        INPUT,
        "Derive([(\"dev\",\"%s\",\"\",\"\"),(\"out\",\"%s\",\"\",\"\")],[],[],\"x\",\"/x\",[],[])"
            .formatted(dev, out));
  }

  @Test
  void onlyTheOutputsThatAreUsed() throws Exception {
    input(whole(OUT), whole(DEV));
    assertEquals(
        Map.of(SOURCE, Optional.empty(), DEV, Optional.of(new StoreInputs.Origin(INPUT, "dev"))),
        inputs("\"dev\"").origins());
    assertEquals(3, inputs("\"dev\",\"out\"").origins().size());
  }

  @ParameterizedTest
  @CsvSource({"dev, content-addressed", "doc, has no output 'doc'"})
  void pathsThatCannotBeKnown(String output, String why) throws Exception {
    input(whole(OUT), "");
    StoreInputs.Unknown unknown =
        assertThrows(StoreInputs.Unknown.class, () -> inputs('"' + output + '"'));
    assertTrue(unknown.getMessage().contains(why), unknown.getMessage());
  }

  @Test
  void inputsOfDerivationsThatWereBuiltAreUnknown() throws Exception {
    input(whole(OUT), whole(DEV));
    String text =
        "DrvWithVersion(\"xp-dyn-drv\",[(\"out\",\"\",\"\",\"\")],[(\"%s\",([\"out\"],%s))],[],\"x\",\"/x\",[],[])";
    Derivation usual = derivation(text.formatted(whole(INPUT), "[]"));
    assertEquals(1, StoreInputs.of(store.finder().store(), usual).origins().size());
    Derivation dynamic = derivation(text.formatted(whole(INPUT), "[(\"out\",([\"out\"],[]))]"));
    assertThrows(StoreInputs.Unknown.class, () -> StoreInputs.of(store.finder().store(), dynamic));
  }

  private static Derivation derivation(String text) throws Malformed {
    return DerivationParser.parse(StoreDirectory.DEFAULT, text.getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void inputDerivationsThatAreGoneAreNamed() {
    StoreInputs.Unknown unknown = assertThrows(StoreInputs.Unknown.class, () -> inputs("\"out\""));
    assertTrue(unknown.getMessage().contains(whole(INPUT)), unknown.getMessage());
  }

  @Test
  void anInputDerivationThatIsDamaged() throws Exception {
    store.write(INPUT, "Derive(");
    assertThrows(StoreInputs.Unknown.class, () -> inputs("\"out\""));
  }

  @Test
  void malformedListsOfInputs() throws Exception {
    Derivation derivation = derivation("Derive([],[],[\"/etc\"],\"x\",\"/x\",[],[])");
    StoreInputs.Unknown unknown =
        assertThrows(
            StoreInputs.Unknown.class, () -> StoreInputs.of(store.finder().store(), derivation));
    assertTrue(unknown.getMessage().contains("byte 20: '/etc' is no"), unknown.getMessage());
  }
}
