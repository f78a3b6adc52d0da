package nixbuildshell.listing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.store.Derivation;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.TestStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PhasesTest {
  private static final List<String> LOG = List.of("unpackPhase", "patchPhase", "buildPhase");

  @TempDir Path temporary;

  private Derivation derivation(String... variables) throws IOException {
    TestStore store = new TestStore(temporary);
    Map<String, String> more = new LinkedHashMap<>();
    for (String variable : variables) {
      more.put(variable.split("=")[0], variable.split("=")[1]);
    }
    StorePath out = TestStore.path("0a", "probe");
    return store.finder().store().read(store.derivation("d1", "probe", TestStore.SHELL, out, more));
  }

  private List<String> toCome(String... variables) throws IOException {
    return Phases.of(Optional.of(derivation(variables)), LOG, Optional.empty()).toCome();
  }

  @Test
  void whatRanFailedAndIsToCome() throws IOException {
    Phases phases = Phases.of(Optional.of(derivation("stdenv=x")), LOG, Optional.empty());
    assertEquals(List.of("unpackPhase", "patchPhase"), phases.done());
    assertEquals(Optional.of("buildPhase"), phases.failed());
    assertEquals(List.of("installPhase", "fixupPhase"), phases.toCome());
    assertEquals(
        Optional.of("checkPhase"),
        Phases.of(Optional.empty(), LOG, Optional.of("checkPhase")).failed());
    assertEquals(
        new Phases(List.of(), Optional.empty(), List.of()),
        Phases.of(Optional.of(derivation("stdenv=x")), List.of(), Optional.empty()));
  }

  @Test
  void theDerivationDecidesWhatIsToCome() throws IOException {
    assertEquals(List.of(), toCome("a=b"));
    assertEquals(
        List.of("checkPhase", "a", "b", "fixupPhase", "installCheckPhase"),
        toCome(
            "stdenv=x", "doCheck=1", "preInstallPhases=a b", "dontInstall=1", "doInstallCheck=1"));
    assertEquals(List.of("last"), toCome("stdenv=x", "phases=one buildPhase last"));
    assertEquals(List.of(), toCome("stdenv=x", "phases=one two"));
  }
}
