package nixbuildshell.capture;

import static nixbuildshell.store.TestStore.whole;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.FileContent;
import nixbuildshell.files.FileContent.Missing;
import nixbuildshell.files.FileContent.NotRegular;
import nixbuildshell.files.FileContent.TooLarge;
import nixbuildshell.files.FileContent.Unreadable;
import nixbuildshell.files.FileType;
import nixbuildshell.store.Derivation;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.KeptFiles;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.TestStore;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReconstructionTest {
  private static final Function<ByteString, Optional<ByteString>> CALLER = name -> Optional.empty();
  private static final BuilderEnvironment.Outside HOST =
      new BuilderEnvironment.Outside(2, CALLER, false, "/build");
  private static final StorePath OUT = TestStore.path("aa", "probe-1.0");
  private static final StorePath DEV = TestStore.path("aa", "probe-1.0-dev");
  private static final KeptFiles KEPT = KeptFiles.named("nix-build-probe-1.0.drv-0");
  private static final KeptFiles NAMELESS = KeptFiles.named("nix-4711-1234567");
  private static final ByteString SHELL = ByteString.of(TestStore.SHELL);
  private static final String ENV_VARS =
      """
      declare -x NIX_BUILD_TOP="/build"
      declare -x SHELL="%s"
      declare -x dev="%s"
      declare -x name="probe-1.0"
      declare -x out="%s"
      declare -x outputs="out dev"
      declare -x system="i686-linux"
      """
          .formatted(TestStore.SHELL, whole(DEV), whole(OUT));

  @TempDir Path root;
  private TestStore store;

  @BeforeEach
  void makeStore() {
    store = new TestStore(root);
  }

  private FailedBuild build(KeptFiles kept) {
    return build(kept, Optional.empty());
  }

  private FailedBuild build(KeptFiles kept, Optional<StorePath> drv) {
    return Reconstruction.of(
        kept,
        new Request(
            drv.map(path -> ByteString.of(whole(path))),
            2,
            CALLER,
            false,
            false,
            "/build",
            "true",
            path -> true,
            user -> user == KeptFiles.BUILDER,
            user -> user == KeptFiles.BUILDER),
        store.finder());
  }

  private Failure refuses(KeptFiles kept) {
    return assertThrows(Failure.class, () -> build(kept));
  }

  private static <T> Fact<T> env(T value) {
    return new Fact<>(value, Fact.Source.ENV_VARS);
  }

  private static <T> Fact<T> drv(T value) {
    return new Fact<>(value, Fact.Source.DERIVATION);
  }

  private static FailedBuild.Rebuilt rebuilt(NixStore store, StorePath drv) {
    return new FailedBuild.Rebuilt(RebuiltEnvVars.of(store.read(drv), SHELL, HOST));
  }

  /** Makes every search fail: two derivations have the name. */
  private void makeSearchingFail() throws IOException {
    store.derivation("d1", "probe-1.0", TestStore.path("bb", "probe-1.0"));
    store.derivation("d2", "probe-1.0", TestStore.path("cc", "probe-1.0"));
    refuses(KEPT);
  }

  @Test
  void envVarsAloneSufficeAndNothingIsSearched() throws IOException {
    makeSearchingFail();
    assertEquals(
        new FailedBuild(
            env("probe-1.0"),
            Optional.empty(),
            Optional.empty(),
            Optional.of(env(ByteString.of("i686-linux"))),
            new FailedBuild.Run(
                Optional.of(env(SHELL)),
                new FailedBuild.Kept(ByteString.of(ENV_VARS)),
                List.of(),
                Optional.empty()),
            new FailedBuild.Store(Map.of("out", env(OUT), "dev", env(DEV)), Optional.empty()),
            new FailedBuild.Sandbox(
                new HostNetwork(Optional.empty(), Optional.empty()),
                Optional.empty(),
                false,
                "/build"),
            Optional.empty(),
            List.of()),
        build(KEPT.with(ENV_VARS)));
  }

  @ParameterizedTest
  @CsvSource({
    "nix-build-probe-1.0.drv-0, false",
    "nix-build-probe-1.1.drv-0, true",
    "nix-4711-1234567, false",
    "probe, false"
  })
  void warnsOfADerivationOfAnotherName(String directory, boolean warned) throws IOException {
    StorePath drv = store.derivation("d1", "probe-1.0", OUT);
    for (KeptFiles kept :
        List.of(KeptFiles.named(directory), KeptFiles.named(directory).with(ENV_VARS))) {
      assertEquals(
          warned,
          build(kept, Optional.of(drv))
              .notes()
              .contains(
                  Note.warning(
                      "the directory is named after a build of probe-1.1, and --drv names"
                          + " probe-1.0: its variables may be another build's")));
    }
  }

  /** An {@code env-vars} is in many a /tmp. */
  @ParameterizedTest
  @ValueSource(strings = {"tmp", "nix-shell-1-0", "0123456789abcdfghijklmnpqr", "build"})
  void envVarsAloneMakeNoKeptDirectory(String name) throws IOException {
    KeptFiles other = KeptFiles.named(name).with(ENV_VARS);
    assertTrue(refuses(other.of(1000)).getMessage().contains("does not look like a directory"));
    StorePath drv = store.derivation("d1", "probe-1.0", OUT);
    Instant start = Instant.now().minusMillis(500);
    store.log(drv, ".bz2", start.plusSeconds(60));
    assertTrue(refuses(other.of(1000).born(start.minusSeconds(3))).remedy().contains("--drv"));
    for (FailedBuild build :
        List.of(
            build(other),
            build(other.of(1000), Optional.of(drv)),
            build(other.of(1000).withManifest("{\"schemaVersion\": \"1.0\"}")),
            build(other.of(1000).born(start)))) {
      assertEquals(Map.of("out", env(OUT), "dev", env(DEV)), build.store().outputs());
    }
  }

  @Test
  void aGivenDerivationAddsWhatEnvVarsCannotSay() throws IOException {
    StorePath given = store.derivation("d3", "probe-1.0", OUT);
    makeSearchingFail();
    assertEquals(
        new FailedBuild(
            env("probe-1.0"),
            Optional.of(new Fact<>(given, Fact.Source.COMMAND_LINE)),
            Optional.of(store.finder().store().read(given)),
            Optional.of(env(ByteString.of("i686-linux"))),
            new FailedBuild.Run(
                Optional.of(env(SHELL)),
                new FailedBuild.Kept(ByteString.of(ENV_VARS)),
                List.of(),
                Optional.empty()),
            new FailedBuild.Store(Map.of("out", env(OUT), "dev", env(DEV)), Optional.empty()),
            new FailedBuild.Sandbox(
                new HostNetwork(Optional.of(drv(false)), Optional.empty()),
                Optional.empty(),
                false,
                "/build"),
            Optional.empty(),
            List.of()),
        build(KEPT.with(ENV_VARS), Optional.of(given)));
  }

  @Test
  void aGivenDerivationOfAnotherBuildIsSaid() throws IOException {
    StorePath given = store.derivation("d3", "other", TestStore.path("bb", "other"));
    assertEquals(
        List.of(
            Note.warning(
                "the directory is named after a build of probe-1.0, and --drv names other: its"
                    + " variables may be another build's"),
            Note.warning(
                "env-vars has other outputs than "
                    + whole(given)
                    + " (given with --drv); the variables in env-vars are used all the same")),
        build(KEPT.with(ENV_VARS), Optional.of(given)).notes());
  }

  static Stream<Arguments> absent() {
    return Stream.of(
        Arguments.of(new Missing(), "it does not exist"),
        Arguments.of(new Unreadable("EACCES"), "it is not readable: EACCES"));
  }

  @ParameterizedTest
  @MethodSource("absent")
  void withoutEnvVarsTheDerivationDoes(FileContent reading, String why) throws IOException {
    StorePath path = store.derivation("d1", "probe-1.0", OUT);
    assertEquals(
        new FailedBuild(
            new Fact<>("probe-1.0", Fact.Source.DIRECTORY_NAME),
            Optional.of(new Fact<>(path, Fact.Source.DIRECTORY_NAME)),
            Optional.of(store.finder().store().read(path)),
            Optional.of(drv(ByteString.of("x86_64-linux"))),
            new FailedBuild.Run(
                Optional.of(drv(SHELL)),
                rebuilt(store.finder().store(), path),
                List.of(),
                Optional.empty()),
            new FailedBuild.Store(Map.of("out", drv(OUT)), Optional.empty()),
            new FailedBuild.Sandbox(
                new HostNetwork(Optional.of(drv(false)), Optional.empty()),
                Optional.empty(),
                false,
                "/build"),
            Optional.empty(),
            List.of(
                Note.warning(
                    "env-vars is rebuilt from "
                        + whole(path)
                        + " (found by the directory's name; if that is wrong: --drv FILE)"),
                Note.detail("the kept env-vars: " + why))),
        build(KEPT.with(reading)));
  }

  @Test
  void theLogNamesTheBuildOfANamelessDirectory() throws IOException {
    StorePath path = store.derivation("d1", "probe-1.0", OUT);
    store.log(path, ".bz2", KeptFiles.FAILED);
    FailedBuild build = build(NAMELESS);
    assertEquals(new Fact<>("probe-1.0", Fact.Source.BUILD_LOG), build.name());
    assertEquals(Optional.of(new Fact<>(path, Fact.Source.BUILD_LOG)), build.derivation());
  }

  static Stream<Arguments> odd() {
    String in = "its SHELL '%s' cannot be used: ";
    return Stream.of(
        Arguments.of(new NotRegular(FileType.FIFO), "it is a FIFO, not a regular file"),
        Arguments.of(new NotRegular(FileType.LINK), "it is a symbolic link, not a regular file"),
        Arguments.of(
            new NotRegular(FileType.BLOCK_DEVICE), "it is a block device, not a regular file"),
        Arguments.of(
            new TooLarge(10_000_000_000L, 16 << 20), "it has 10000000000 bytes, more than 16 MiB"),
        Arguments.of(
            content("declare -x A=\"\n\ndeclare -x"),
            "it is malformed, line 1: the \"…\" that begins here has no end"),
        Arguments.of(shell("bash"), in.formatted("bash") + "it is not absolute"),
        Arguments.of(shell(""), in.formatted("") + "it is not absolute"),
        Arguments.of(shell("/bin/bash"), in.formatted("/bin/bash") + "it is not in /nix/store"),
        Arguments.of(
            shell(TestStore.SHELL + "/../../../../../bin/bash"),
            in.formatted(TestStore.SHELL + "/../../../../../bin/bash")
                + "it has an empty component, '.' or '..'"),
        Arguments.of(
            shell(TestStore.SHELL + "\n"),
            in.formatted(TestStore.SHELL + "\\n") + "it has bytes outside printable ASCII"),
        Arguments.of(
            shell(TestStore.SHELL + "\u00ff"),
            in.formatted(TestStore.SHELL + "\\xff") + "it has bytes outside printable ASCII"),
        Arguments.of(
            shell(TestStore.SHELL + "-4"),
            in.formatted(TestStore.SHELL + "-4")
                + "there is no such file in /nix/store/"
                + TestStore.BASH),
        Arguments.of(
            shell("/nix/store/" + TestStore.BASH),
            in.formatted("/nix/store/" + TestStore.BASH) + "it is not a program"),
        Arguments.of(
            shell("/nix/store/" + TestStore.BASH + "/bin/text"),
            in.formatted("/nix/store/" + TestStore.BASH + "/bin/text") + "it is not a program"),
        Arguments.of(
            shell("/nix/store/" + TestStore.BASH + "/bin/link"),
            in.formatted("/nix/store/" + TestStore.BASH + "/bin/link")
                + "it is a link that leads out of the store"));
  }

  private static FileContent content(String text) {
    return KEPT.with(text).envVars();
  }

  private static FileContent shell(String shell) {
    return content(ENV_VARS.replace("\"" + TestStore.SHELL + "\"", "\"" + shell + "\""));
  }

  private void plant() throws IOException {
    Path bin = root.resolve("store/" + TestStore.BASH + "/bin");
    Files.writeString(bin.resolve("text"), "");
    TestStore.program(root.resolve("outside"));
    Files.createSymbolicLink(bin.resolve("link"), root.resolve("outside"));
  }

  /** Holds even where the derivation can be found, since no build leaves such a file. */
  @ParameterizedTest
  @MethodSource("odd")
  void anOddEnvVarsIsNotPassedOver(FileContent reading, String why) throws IOException {
    plant();
    store.derivation("d1", "probe-1.0", OUT);
    Failure failure = refuses(KEPT.with(reading));
    assertEquals(
        "cannot use /tmp/nix-build-probe-1.0.drv-0/env-vars: " + why, failure.getMessage());
    assertEquals("to do without it, " + DerivationFinder.REMEDY, failure.remedy());
  }

  @ParameterizedTest
  @MethodSource("odd")
  void aGivenDerivationTakesItsPlace(FileContent reading, String why) throws IOException {
    plant();
    StorePath given = store.derivation("d1", "other", OUT);
    KeptFiles kept = KeptFiles.named("nix-build-other.drv-0").with(reading);
    FailedBuild build = build(kept, Optional.of(given));
    assertEquals(new Fact<>("other", Fact.Source.COMMAND_LINE), build.name());
    assertEquals(rebuilt(store.finder().store(), given), build.run().environment());
    assertEquals(
        List.of(
            Note.warning(
                "env-vars is rebuilt from " + whole(given) + " (given with --drv) because " + why)),
        build.notes());
  }

  @Test
  void aCollectedShellCanBeHadBack() {
    String gone = "/nix/store/" + TestStore.hash("gg") + "-bash-4.4";
    Failure failure = refuses(KEPT.with(shell(gone + "/bin/bash")));
    assertEquals(
        "cannot use /tmp/nix-build-probe-1.0.drv-0/env-vars: its SHELL '"
            + gone
            + "/bin/bash' cannot be used: "
            + gone
            + " is no longer in the store (garbage-collected)",
        failure.getMessage());
    assertEquals(
        "get it back with: nix-store --realise "
            + gone
            + "; a build in another store wants --store",
        failure.remedy());
  }

  @ParameterizedTest
  @CsvSource({"declare -x SHELL", "declare -x SHELL=\"/noshell\"", "declare -x other=\"\""})
  void withoutAShellInEnvVarsTheBuilderIsIt(String line) throws IOException {
    makeSearchingFail();
    StorePath path = store.derivation("d3", "probe-1.0", OUT);
    FailedBuild build = build(KEPT.with(withoutShell(line)));
    assertEquals(Optional.of(drv(SHELL)), build.run().shell());
    assertEquals(
        new FailedBuild.Kept(ByteString.of(withoutShell(line))), build.run().environment());
    assertEquals(Optional.of(env(path)), build.derivation());
    assertEquals(
        List.of(
            Note.detail(
                "SHELL is the builder of "
                    + whole(path)
                    + " (found by the output path in env-vars)")),
        build.notes());
  }

  private static String withoutShell(String line) {
    return ENV_VARS.replace("declare -x SHELL=\"" + TestStore.SHELL + "\"", line);
  }

  @Test
  void withNeitherItSaysHowToNameTheDerivation() {
    Failure neither = refuses(NAMELESS);
    assertEquals(
        "cannot tell what /tmp/nix-4711-1234567 was: env-vars is unusable (it does not exist), and"
            + " no derivation is found that left it",
        neither.getMessage());
    assertEquals(DerivationFinder.REMEDY, neither.remedy());
    Failure noShell = refuses(NAMELESS.with(withoutShell("")));
    assertEquals(
        "cannot tell what /tmp/nix-4711-1234567 was: env-vars has no SHELL, and no derivation is"
            + " found that left it",
        noShell.getMessage());
    assertEquals(DerivationFinder.REMEDY, noShell.remedy());
    assertEquals(
        "cannot tell what /tmp/nix-4711-1234567 was: env-vars is unusable (it is not readable:"
            + " EACCES), and no derivation is found that left it",
        refuses(NAMELESS.with(new Unreadable("EACCES"))).getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "/nix/store/wjy2msil2glkjpnpjwipz62bw87fy4ni-bash-5.2/bin/sh",
    "/nix/store/wjy2msil2glkjpnpjwipz62bw87fy4ni-bash-5.2",
    "/nix/store/11ridwww5cxrnixzvvpk9x5jc0m61aad-python/bin/python",
    "builtin:fetchurl",
    "/bin/bash",
    "bash",
    "''",
  })
  void withoutAShellTheBuilderIsKnownAndItsEnvironmentGiven(String builder) throws IOException {
    StorePath path = store.derivation("d1", "probe-1.0", builder, OUT, Map.of("a-b", "c"));
    FailedBuild build = build(KEPT);
    assertEquals(Optional.empty(), build.run().shell());
    Derivation derivation = store.finder().store().read(path);
    Map<ByteString, ByteString> environment = BuilderEnvironment.of(derivation, HOST);
    assertEquals(ByteString.of("c"), environment.get(ByteString.of("a-b")));
    assertEquals(new FailedBuild.Given(environment), build.run().environment());
    assertEquals(Optional.of(BuilderCall.of(derivation, HOST)), build.run().call());
    assertEquals(
        Note.warning(
            "the variables are those of "
                + whole(path)
                + " (found by the directory's name; if that is wrong: --drv FILE)"),
        build.notes().get(0));
  }

  @Test
  void aBusyboxIsAShellThatSourcesNothing() throws IOException {
    String shell = "/nix/store/" + TestStore.BASH + "/bin/busybox";
    TestStore.program(root.resolve("store/" + TestStore.BASH + "/bin/busybox"));
    store.derivation("d1", "probe-1.0", shell, OUT, Map.of());
    FailedBuild build = build(KEPT);
    assertEquals(Optional.of(drv(ByteString.of(shell))), build.run().shell());
    assertEquals(FailedBuild.Given.class, build.run().environment().getClass());
    assertEquals(Optional.empty(), build.run().call());
    FailedBuild withEnvVars = build(KEPT.with(ENV_VARS.replace("bin/bash", "bin/busybox")));
    FailedBuild.Given given = (FailedBuild.Given) withEnvVars.run().environment();
    assertEquals(ByteString.of("out dev"), given.variables().get(ByteString.of("outputs")));
  }

  @ParameterizedTest
  @CsvSource({
    "'#!%s/bin/bash -e\n', %s/bin/bash",
    "'#! \t%s/bin/bash\n', %s/bin/bash",
    "'#!/bin/sh\n', /bin/sh",
    "'#!/usr/bin/env bash\n', ",
    "'#!%s/bin/python\n', ",
    "'#!%s/bin/bash', ",
    "'#!', ",
    "'', ",
    "'%s/bin/bash\n', ",
  })
  void aScriptsShellIsItsInterpreter(String start, String shell) throws IOException {
    String in = "/nix/store/" + TestStore.BASH;
    Path script = root.resolve("store/" + TestStore.hash("ss") + "-builder.sh");
    TestStore.program(script);
    script.toFile().setWritable(true);
    Files.writeString(script, start.replace("%s", in).replace("\\n", "\n").replace("\\t", "\t"));
    store.derivation("d1", "probe-1.0", "/nix/store/" + script.getFileName(), OUT, Map.of());
    assertEquals(
        Optional.ofNullable(shell).map(s -> drv(ByteString.of(s.replace("%s", in)))),
        build(KEPT).run().shell());
  }

  @Test
  void aStorePathThatIsItselfABashWillDo() throws IOException {
    String bash = "/nix/store/" + TestStore.hash("bb") + "-bash-static";
    StorePath path = store.derivation("d1", "probe-1.0", bash, OUT, Map.of());
    Failure gone = refuses(KEPT);
    assertEquals(
        "cannot use "
            + bash
            + ", the builder of "
            + whole(path)
            + " (found by the directory's name; if that is wrong: --drv FILE): "
            + bash
            + " is no longer in the store (garbage-collected)",
        gone.getMessage());
    assertEquals(
        "get it back with: nix-store --realise "
            + bash
            + "; a build in another store wants --store",
        gone.remedy());
    TestStore.program(root.resolve("store/" + TestStore.hash("bb") + "-bash-static"));
    assertEquals(Optional.of(drv(ByteString.of(bash))), build(KEPT).run().shell());
  }

  @Test
  void knowsThatABuildHadNoSandbox() {
    FailedBuild build =
        build(KEPT.with(ENV_VARS.replace("\"/build\"", "\"/tmp/nix-build-probe-1.0.drv-0\"")));
    assertEquals(
        Optional.of(env(ByteString.of("/tmp/nix-build-probe-1.0.drv-0"))),
        build.sandbox().unsandboxedTop());
  }

  @Test
  void saysWhatCannotBeRebuilt() throws IOException {
    StorePath path = TestStore.path("d1", "probe-1.0.drv");
    store.write(
        path,
        "Derive([(\"out\",\"\",\"\",\"\")],[(\"%s\",[\"out\"])],[],\"s\",\"%s\",[],[(\"a-b\",\"\")])"
            .formatted(whole(TestStore.path("aa", "x.drv")), TestStore.SHELL));
    assertEquals(
        List.of(
            Note.warning(
                "output paths are placeholders: Nix resolved this derivation to another one and"
                    + " built that; --drv can name it, where it is in the store"),
            Note.detail("bash cannot declare [a-b]")),
        build(KEPT).notes().subList(2, 4));
  }

  @ParameterizedTest
  @CsvSource({
    "name=\"../../etc\", nix-build-probe-1.0.drv-0, probe-1.0",
    "name=\"a b\", nix-4711-1234567, nix-4711-1234567",
    "name=\"\", my kept directory, build",
    "name, .., build",
    "name=\"x\", .., x",
  })
  void theNameIsFitForAFile(String line, String directory, String name) {
    String envVars = ENV_VARS.replace("name=\"probe-1.0\"", line);
    assertEquals(name, build(KeptFiles.named(directory).with(envVars)).name().value());
  }

  @ParameterizedTest
  @CsvSource({
    "outputs=\"out dev\", out dev",
    "outputs=\" dev\tnone name\", dev",
    "outputs, out",
    "outputs=\"\", ''",
  })
  void theOutputsAreThoseThatEnvVarsLists(String line, String names) {
    String envVars = ENV_VARS.replace("outputs=\"out dev\"", line);
    assertEquals(names, String.join(" ", build(KEPT.with(envVars)).store().outputs().keySet()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "requiredSystemFeatures | kvm uid-range                                  | true",
        "requiredSystemFeatures | uid-ranges                                     | false",
        "features               | uid-range                                      | false",
        "__json | {\\\"requiredSystemFeatures\\\":[\\\"kvm\\\",\\\"uid-range\\\"]} | true",
        "__json | {\\\"requiredSystemFeatures\\\":\\\"uid-range\\\"}           | false",
        "__json | {\\\"requiredSystemFeatures\\\":[[],null,7]}                 | false",
        "__json | [\\\"uid-range\\\"]                                          | false",
        "__json | {                                                              | false",
      })
  void knowsWhatWasRootOfManyUsers(String name, String value, boolean range) throws IOException {
    String claim = ENV_VARS + "declare -x " + name + "=\"" + value + "\"\n";
    if (!name.equals("__json") && range) {
      assertTrue(refuses(KEPT.with(claim)).getMessage().contains("uid-range"));
    }
    StorePath drv = store.derivation("d1", "probe-1.0", TestStore.SHELL, OUT, Map.of(name, value));
    if (range) {
      assertTrue(refuses(KEPT).getMessage().contains("nothing but the directory says"));
      assertTrue(build(KEPT, Optional.of(drv)).sandbox().uidRange());
    }
    store.log(drv, ".bz2", KeptFiles.FAILED);
    assertEquals(range, build(KEPT).sandbox().uidRange());
    if (range) {
      assertTrue(refuses(KEPT.of(4711)).getMessage().contains("nothing but the directory says"));
    }
    if (!name.equals("__json")) {
      assertEquals(range, build(KEPT.with(claim)).sandbox().uidRange());
    }
    assertFalse(build(KEPT.with(ENV_VARS)).sandbox().uidRange());
  }

  /** An impure derivation has its output at another path each time. */
  @Test
  void anImpureDerivationIsNotAnotherOneForItsOutput() throws IOException {
    StorePath path = TestStore.path("d1", "probe-1.0.drv");
    store.write(
        path,
        "Derive([(\"out\",\"\",\"r:sha256\",\"impure\")],[],[],\"s\",\"%s\",[],[])"
            .formatted(TestStore.SHELL));
    FailedBuild build = build(KEPT.with(ENV_VARS), Optional.of(path));
    assertEquals(List.of(), build.notes());
    expect(Optional.of(drv(true)), "", build);
  }

  @Test
  void onlyTheDerivationCanClaimTheNetwork() throws IOException {
    String envVars = ENV_VARS + "declare -x NIX_OUTPUT_CHECKED=\"1\"\n";
    expect(Optional.empty(), "no derivation is found", build(KEPT.with(envVars)));
    StorePath path = store.fixedOutput("d1", "probe-1.0", OUT, "");
    String doubt = "nothing but the directory says that " + whole(path) + " left it";
    expect(Optional.empty(), doubt, build(KEPT));
    expect(Optional.empty(), doubt, build(KEPT.with(envVars)));
    expect(Optional.of(drv(true)), "", build(KEPT, Optional.of(path)));
    expect(Optional.of(drv(true)), "", build(KEPT.with(envVars), Optional.of(path)));
  }

  @Test
  void theLogConfirmsTheNetwork() throws IOException {
    String envVars = ENV_VARS + "declare -x NIX_OUTPUT_CHECKED=\"1\"\n";
    StorePath path = store.fixedOutput("d1", "probe-1.0", OUT, "");
    String doubt = "nothing but the directory says that " + whole(path) + " left it";
    store.log(path, ".bz2", KeptFiles.FAILED.plusSeconds(5));
    expect(Optional.empty(), doubt, build(KEPT));
    store.log(path, ".bz2", KeptFiles.FAILED);
    expect(Optional.of(drv(true)), "", build(KEPT));
    expect(Optional.of(drv(true)), "", build(KEPT.with(envVars)));
    expect(Optional.empty(), doubt, build(KEPT.of(1000)));
    expect(Optional.empty(), doubt, build(KEPT.of(1000).with(envVars)));
    expect(Optional.of(drv(true)), "", build(KEPT.of(1000), Optional.of(path)));
    expect(Optional.of(drv(true)), "", build(KeptFiles.named("nix-4711-1234567").with(envVars)));
    expect(
        Optional.empty(), doubt, build(KeptFiles.named("nix-build-other-1.0.drv-0").with(envVars)));
    expect(Optional.empty(), "", build(KEPT.with(ENV_VARS)));
  }

  @Test
  void aClaimThatCouldBeOfSeveralIsNone() throws IOException {
    String envVars = "declare -x NIX_OUTPUT_CHECKED=\"1\"\ndeclare -x SHELL=\"%s\"\n";
    store.derivation("d1", "probe-1.0", OUT);
    store.derivation("d2", "probe-1.0", DEV);
    FailedBuild build = build(KEPT.with(envVars.formatted(TestStore.SHELL)));
    expect(Optional.empty(), "no derivation is found", build);
    assertEquals(1, build.notes().size(), build.notes().toString());
  }

  private static void expect(Optional<Fact<Boolean>> known, String doubt, FailedBuild build) {
    assertEquals(known, build.sandbox().network().had());
    assertEquals(doubt, build.sandbox().network().doubt().orElse(""));
  }
}
