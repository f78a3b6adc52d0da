package nixbuildshell.capture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import nixbuildshell.ByteString;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.TestStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecipeTest {
  private static final StorePath OUT = TestStore.path("aa", "probe-1.0");

  @TempDir Path root;

  private Recipe recipe(Map<String, String> variables) throws Exception {
    TestStore store = new TestStore(root);
    StorePath drv = store.derivation("d1", "probe-1.0", TestStore.SHELL, OUT, variables);
    return Recipe.of(store.finder().store().read(drv));
  }

  /** What Nix checks is in attributes of the derivation, or by output in outputChecks. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "x | y | ''",
        "allowedReferences | '' | allowedReferences",
        "disallowedRequisites | /nix/store/x | disallowedRequisites",
        "__json | {\\\"allowedReferences\\\":[]} | ''",
        "__json | {\\\"outputChecks\\\":{\\\"out\\\":{\\\"maxSize\\\":1}}} |"
            + " outputChecks.out.maxSize",
        "__json | {\\\"outputChecks\\\":1} | ''",
      })
  void theChecksAreNamed(String variable, String value, String expected) throws Exception {
    Recipe recipe = recipe(Map.of(variable, value));
    assertEquals(expected, String.join(" ", recipe.checks()));
    assertEquals(variable.equals("__json"), recipe.structured());
  }

  @Test
  void theCommandAndTheFilesAreNamed() throws Exception {
    Recipe recipe = recipe(new TreeMap<>(Map.of("text", "x", "passAsFile", "text")));
    assertEquals(ByteString.of(TestStore.SHELL), recipe.command().get(0));
    assertEquals(List.of(BuilderFile.nameOf(ByteString.of("text"))), recipe.files());
  }
}
