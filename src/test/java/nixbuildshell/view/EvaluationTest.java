package nixbuildshell.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import nixbuildshell.Failure;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.TestStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationTest {
  @TempDir Path root;

  @Test
  void malformedListsOfInputsAreNotRealised() throws Exception {
    TestHost host = new TestHost(root);
    NixStore store = host.nix();
    StorePath path = TestStore.path("ab", "x.drv");
    host.store().write(path, "Derive([],[],[\"/etc\"],\"x\",\"/x\",[],[])");
    Evaluation evaluation = new Evaluation(host.caller(), store, () -> false);
    Failure failure =
        assertThrows(Failure.class, () -> evaluation.realiseInputs(path, store.read(path)));
    assertEquals(
        "cannot read the derivation "
            + TestStore.whole(path)
            + ": byte 20: '/etc' is no store path (it is not in /nix/store)",
        failure.getMessage());
  }
}
