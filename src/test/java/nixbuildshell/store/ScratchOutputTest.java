package nixbuildshell.store;

import static nixbuildshell.store.TestStore.whole;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.store.Derivation.Output;
import org.junit.jupiter.api.Test;

class ScratchOutputTest {
  private static final StorePath BUILT =
      new StorePath("5h9j9i601f11pvxnz5zrkgpdj9c6j2yr", "probe-1.0.drv");

  private static Derivation derivation(Map<String, Output> outputs) {
    return derivation(outputs, DerivationInputs.NONE);
  }

  private static Derivation derivation(Map<String, Output> outputs, DerivationInputs inputs) {
    return new Derivation(
        StoreDirectory.DEFAULT,
        outputs,
        inputs,
        ByteString.of("x86_64-linux"),
        ByteString.of(TestStore.SHELL),
        List.of(),
        Map.of());
  }

  private static Output output(String algorithm, String hash) {
    return new Output(Optional.empty(), ByteString.of(algorithm), ByteString.of(hash));
  }

  private static StorePath scratch(String output) {
    return StoreDirectory.DEFAULT.scratchOutput(BUILT, output);
  }

  /** Expects the paths at which Nix 2.26 built that derivation. */
  @Test
  void isNamedAfterTheDerivationAndTheOutput() {
    assertEquals("/nix/store/vpvvxhmwaqy8zsvw1d3xhblmlhr9h499-probe-1.0", whole(scratch("out")));
    assertEquals(
        "/nix/store/7yn4dxvqhz0d1xvwja93kyca3pknlayp-probe-1.0-dev", whole(scratch("dev")));
  }

  @Test
  void takesThePlaceOfAPathThatComesFromTheContent() {
    Derivation floating = derivation(Map.of("out", output("r:sha256", ""))).built(BUILT);
    assertEquals(Map.of("out", scratch("out")), floating.outputPaths());
    assertFalse(floating.hasNetwork());
    Derivation impure = derivation(Map.of("out", output("r:sha256", "impure"))).built(BUILT);
    assertEquals(floating.outputPaths(), impure.outputPaths());
    assertTrue(impure.hasNetwork());
    assertFalse(impure.isFixedOutput());
    Map<String, Output> unknown = Map.of("out", output("r:sha256", ""));
    ByteString lists = ByteString.of("[(\"" + whole(BUILT) + "\",[\"out\"])],[]");
    DerivationInputs inputs = new DerivationInputs(StoreDirectory.DEFAULT, lists, 0);
    assertEquals(Map.of(), derivation(unknown, inputs).built(BUILT).outputPaths());
    Output out = new Output(Optional.of(BUILT), ByteString.of("sha256"), ByteString.EMPTY);
    Derivation known = derivation(Map.of("out", out));
    assertEquals(known.outputPaths(), known.built(BUILT).outputPaths());
  }
}
