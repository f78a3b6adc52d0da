package nixbuildshell.store;

import static nixbuildshell.store.TestStore.whole;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.Failure;
import nixbuildshell.store.StoreInputs.Origin;
import org.junit.jupiter.api.Test;

class MissingInputsTest {
  private static StorePath path(String name) {
    return new StorePath("0".repeat(32), name);
  }

  private static final StorePath DRV = path("a.drv");
  private static final StoreInputs INPUTS =
      new StoreInputs(
          Map.of(
              path("a"), Optional.of(new Origin(DRV, "out")),
              path("a-dev"), Optional.of(new Origin(DRV, "dev")),
              path("s"), Optional.empty()));

  @Test
  void outputsAreBuiltAgain() {
    Failure failure = INPUTS.gone(NixStore.DEFAULT, List.of(path("a"), path("a-dev")));
    assertEquals(
        "get them back with: nix-store --realise '" + whole(DRV) + "!out,dev'", failure.remedy());
    assertEquals(
        "cannot show the store as the build saw it: 2 store paths are"
            + " garbage-collected: "
            + whole(path("a"))
            + " "
            + whole(path("a-dev")),
        failure.getMessage());
  }

  @Test
  void sourcesCanOnlyBeSubstituted() {
    Failure failure = INPUTS.gone(NixStore.DEFAULT, List.of(path("s"), path("a"), path("unknown")));
    assertEquals(
        "get back what Nix can build or fetch with: nix-store --realise "
            + whole(path("s"))
            + " "
            + whole(path("unknown"))
            + " '"
            + whole(DRV)
            + "!out' (a source comes back when the package is evaluated: nix-instantiate; or from a"
            + " machine that has it: nix copy --from ssh://HOST "
            + whole(path("s"))
            + " "
            + whole(path("unknown"))
            + ")",
        failure.remedy());
  }
}
