package nixbuildshell.capture;

import static nixbuildshell.store.TestStore.whole;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.files.FileContent;
import nixbuildshell.files.FileType;
import nixbuildshell.store.KeptFiles;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.TestStore;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests what the manifest adds to the other sources, and what it must not decide. */
class ManifestReconstructionTest {
  private static final StorePath OUT = TestStore.path("aa", "probe-1.0");
  private static final StorePath OTHER = TestStore.path("bb", "probe-1.0");
  private static final StorePath INPUT = TestStore.path("cc", "input");
  private static final StorePath BASH = store(TestStore.BASH);
  private static final ByteString SHELL = ByteString.of(TestStore.SHELL);
  private static final KeptFiles KEPT = KeptFiles.named("nix-build-probe-1.0.drv-0");
  private static final KeptFiles NAMELESS = KeptFiles.named("nix-4711-1234567");
  private static final String ENV_VARS =
      """
      declare -x NIX_BUILD_TOP="/build"
      declare -x SHELL="%s"
      declare -x name="probe-1.0"
      declare -x out="%s"
      declare -x system="i686-linux"
      """
          .formatted(TestStore.SHELL, whole(OUT));

  @TempDir Path root;
  private TestStore store;

  @BeforeEach
  void makeStore() {
    store = new TestStore(root);
  }

  private static StorePath store(String baseName) {
    try {
      return StorePath.ofBaseName(baseName);
    } catch (Malformed e) {
      throw new AssertionError(e);
    }
  }

  private FailedBuild build(KeptFiles kept) {
    return Reconstruction.of(kept, TestRequest.of(Optional.empty(), false), store.finder());
  }

  private static KeptFiles with(KeptFiles kept, String fields) {
    return kept.withManifest("{\"schemaVersion\": \"1.0\"" + fields + "}");
  }

  private static <T> Fact<T> manifest(T value) {
    return new Fact<>(value, Fact.Source.MANIFEST);
  }

  private static String storePaths(StorePath... paths) {
    String list = String.join("\", \"", List.of(paths).stream().map(TestStore::whole).toList());
    return ", \"storePaths\": [\"" + list + "\"]";
  }

  private static String outputs(StorePath out) {
    return ", \"outputs\": {\"out\": \"" + whole(out) + "\"}";
  }

  private static String shell(String shell) {
    return ", \"shell\": \"" + shell + "\"";
  }

  @Test
  void itComesFirstFieldByField() {
    FailedBuild build =
        build(
            with(
                KEPT.with(ENV_VARS),
                ", \"name\": \"written\"" + shell(TestStore.SHELL) + outputs(OTHER)));
    assertEquals(manifest("written"), build.name());
    assertEquals(Optional.of(manifest(SHELL)), build.run().shell());
    assertEquals(Map.of("out", manifest(OTHER)), build.store().outputs());
    assertEquals(
        Optional.of(new Fact<>(ByteString.of("i686-linux"), Fact.Source.ENV_VARS)), build.system());
    assertEquals(new FailedBuild.Kept(ByteString.of(ENV_VARS)), build.run().environment());
    assertEquals(List.of(), build.notes());
  }

  @Test
  void anEmptyOneChangesNothing() {
    FailedBuild without = build(KEPT.with(ENV_VARS));
    FailedBuild with = build(with(KEPT.with(ENV_VARS), ""));
    assertEquals(without.name(), with.name());
    assertEquals(without.run().shell(), with.run().shell());
    assertEquals(without.store().outputs(), with.store().outputs());
    assertEquals(without.system(), with.system());
    assertEquals(without.store().paths(), with.store().paths());
    assertEquals(without.notes(), with.notes());
  }

  @Test
  void itsOutputsNameTheDerivation() throws IOException {
    store.derivation("d1", "probe-1.0", OUT);
    StorePath drv = store.derivation("d2", "probe-1.0", OTHER);
    for (KeptFiles kept : List.of(KEPT, NAMELESS)) {
      FailedBuild build = build(with(kept, outputs(OTHER)));
      assertEquals(Optional.of(manifest(drv)), build.derivation());
      assertEquals(
          Note.warning(
              "env-vars is rebuilt from "
                  + whole(drv)
                  + " (found by the output path in the manifest)"),
          build.notes().get(0));
    }
  }

  /** A fixed-output build has the network: an output's path in the manifest must not open it. */
  @Test
  void itCannotClaimTheNetwork() throws IOException {
    StorePath drv = store.fixedOutput("d1", "probe-1.0", OUT, "");
    Optional<Fact<Boolean>> yes = Optional.of(new Fact<>(true, Fact.Source.DERIVATION));
    String claim = outputs(OUT) + ", \"fixedOutput\": true";
    assertEquals(
        Optional.empty(), build(with(KEPT.with(ENV_VARS), claim)).sandbox().network().had());
    assertEquals(Optional.empty(), build(with(NAMELESS, claim)).sandbox().network().had());
    assertEquals(Optional.empty(), build(with(KEPT, claim)).sandbox().network().had());
    store.log(drv, ".bz2", KeptFiles.FAILED);
    assertEquals(yes, build(with(NAMELESS, claim)).sandbox().network().had());
    assertEquals(yes, build(with(KEPT, claim)).sandbox().network().had());
    assertEquals(yes, build(with(KEPT.with(ENV_VARS), claim)).sandbox().network().had());
  }

  /** An attacker's derivation must not choose what it gets of the caller's environment. */
  @Test
  void itCannotChooseVariablesOfTheCaller() throws IOException {
    StorePath drv =
        store.fixedOutput("d1", "probe-1.0", OUT, "(\"impureEnvVars\",\"http_proxy TOKEN\")");
    for (boolean confirmed : List.of(false, true)) {
      FailedBuild build = buildOfCaller(Optional.empty());
      expectScript(build, "declare -x TOKEN=''\ndeclare -x http_proxy=''\n");
      assertEquals(
          List.of(
              "withheld from your environment, though the derivation asks: http_proxy, TOKEN;"
                  + " nothing is passed, since you did not name the derivation (--drv FILE)"),
          build.notes().stream().map(Note::text).filter(note -> note.contains("TOKEN")).toList());
      store.log(drv, ".bz2", KeptFiles.FAILED);
      assertEquals(confirmed, build.sandbox().network().had().isPresent());
    }
    FailedBuild given = buildOfCaller(Optional.of(ByteString.of(whole(drv))));
    expectScript(given, "declare -x TOKEN='TOKEN!'\ndeclare -x http_proxy='http_proxy!'\n");
    assertEquals(
        List.of("passed from your environment, as the derivation asks: http_proxy, TOKEN"),
        given.notes().stream().map(Note::text).filter(note -> note.contains("TOKEN")).toList());
  }

  /** Gives each variable of the caller its name and an exclamation mark as its value. */
  private FailedBuild buildOfCaller(Optional<ByteString> drv) {
    return Reconstruction.of(
        with(NAMELESS, outputs(OUT)),
        TestRequest.of(drv, false, name -> Optional.of(name.plus("!"))),
        store.finder());
  }

  private static void expectScript(FailedBuild build, String part) {
    String script = ((FailedBuild.Rebuilt) build.run().environment()).envVars().script().latin1();
    assertTrue(script.contains(part), script);
  }

  @Test
  void theStorePathsAreWhatIsNoOutput() {
    assertEquals(
        Optional.of(manifest(List.of(INPUT, BASH))),
        build(with(KEPT.with(ENV_VARS), storePaths(INPUT, BASH, OUT))).store().paths());
    assertEquals(
        Optional.of(manifest(List.of(INPUT, BASH, OUT))),
        build(with(KEPT.with(ENV_VARS), storePaths(INPUT, BASH, OUT) + outputs(OTHER)))
            .store()
            .paths());
  }

  @Test
  void storePathsWithoutTheShellAreNoView() {
    FailedBuild build = build(with(KEPT.with(ENV_VARS), storePaths(INPUT)));
    assertEquals(Optional.empty(), build.store().paths());
    assertEquals(
        List.of(
            Note.warning("the manifest's storePaths are ignored: they lack the shell " + SHELL)),
        build.notes());
  }

  @Test
  void aBuildWithoutASandboxSawTheWholeStore() {
    FailedBuild build =
        build(
            with(
                KEPT.with(ENV_VARS),
                storePaths(BASH) + ", \"sandboxed\": false, \"buildTop\": \"/tmp/x\""));
    assertEquals(Optional.empty(), build.store().paths());
    assertEquals(Optional.of(manifest(ByteString.of("/tmp/x"))), build.sandbox().unsandboxedTop());
  }

  @ParameterizedTest
  @ValueSource(strings = {"/bin/text", "/bin/none", "", "/bin/bash\\n"})
  void aShellThatIsNoneIsPassedOver(String path) {
    String shell = "/nix/store/" + TestStore.BASH + path;
    FailedBuild build = build(with(KEPT.with(ENV_VARS), shell(shell)));
    assertEquals(Optional.of(new Fact<>(SHELL, Fact.Source.ENV_VARS)), build.run().shell());
    assertEquals(1, build.notes().size());
    assertEquals(Note.Level.WARNING, build.notes().get(0).level());
  }

  @Test
  void itsShellServesWhereTheBuilderIsNoBash() throws IOException {
    store.derivation("d1", "probe-1.0", "/bin/busybox", OUT, Map.of());
    assertEquals(
        Optional.of(manifest(SHELL)), build(with(KEPT, shell(TestStore.SHELL))).run().shell());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{                                          | it ends too early",
        "{\"schemaVersion\": \"1.0\", \"outputs\": 7} | outputs: it is not an object",
      })
  void aBrokenOneIsIgnoredAndSaid(String json, String why) {
    FailedBuild build = build(KEPT.with(ENV_VARS).withManifest(json));
    assertEquals(Optional.empty(), build.manifest());
    assertEquals(
        List.of(Note.warning(".nix-build-shell/manifest.json is ignored: " + why)), build.notes());
  }

  @Test
  void oneThatIsNoFileIsIgnoredAndSaid() {
    FailedBuild build =
        build(KEPT.with(ENV_VARS).withManifest(new FileContent.NotRegular(FileType.FIFO)));
    assertEquals(
        List.of(
            Note.warning(
                ".nix-build-shell/manifest.json is ignored: it is a FIFO, not a regular file")),
        build.notes());
  }

  @Test
  void aBrokenOneThatIsAloneIsTheReason() {
    Failure failure = assertThrows(Failure.class, () -> build(NAMELESS.withManifest("[]")));
    assertEquals(
        "cannot tell what /tmp/nix-4711-1234567 was: env-vars is unusable (it does not exist),"
            + " .nix-build-shell/manifest.json is unusable (the whole: it is not an object), and no"
            + " derivation is found that left it",
        failure.getMessage());
  }

  @Test
  void aNewerOneIsIgnoredAndSaid() {
    KeptFiles newer = KEPT.withManifest("{\"schemaVersion\": \"2.1\", \"outputs\": 7}");
    String why = "its schemaVersion is 2.1, and this nix-build-shell reads 1";
    FailedBuild build = build(newer.with(ENV_VARS));
    assertEquals(Optional.empty(), build.manifest());
    assertEquals(
        List.of(Note.warning(".nix-build-shell/manifest.json is ignored: " + why)), build.notes());
    assertEquals(
        "cannot tell what /tmp/nix-build-probe-1.0.drv-0 was: env-vars is unusable (it does not"
            + " exist), .nix-build-shell/manifest.json is unusable ("
            + why
            + "), and no derivation is found that left it",
        assertThrows(Failure.class, () -> build(newer)).getMessage());
  }
}
