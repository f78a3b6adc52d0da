package nixbuildshell.capture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.store.NixStore;
import org.junit.jupiter.api.Test;

class BuildShellTest {

  @Test
  void aShellThatIsGoneIsToldWithTheWayToGetItBack() {
    String path = "/nix/store/00000000000000000000000000000000-bash-5.2";
    Failure gone =
        assertThrows(
            Failure.class,
            () -> new BuildShell(NixStore.DEFAULT).require(ByteString.of(path + "/bin/bash")));
    assertEquals(
        "cannot use the build's shell "
            + path
            + "/bin/bash: "
            + path
            + " is no longer in the store (garbage-collected)",
        gone.getMessage());
    assertEquals(
        "get it back with: nix-store --realise "
            + path
            + "; a build in another store wants --store",
        gone.remedy());
  }
}
