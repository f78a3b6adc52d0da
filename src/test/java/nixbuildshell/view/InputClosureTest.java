package nixbuildshell.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.files.Answers;
import nixbuildshell.files.Directory;
import nixbuildshell.files.Fixture;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.RememberedClosures;
import nixbuildshell.store.StoreEntries;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.TestStore;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Asks a script in place of {@code nix-store}, which knows references and invalid paths. */
class InputClosureTest {
  private static final StorePath SOURCE = TestStore.path("bb", "source");
  private static final StorePath LIBRARY = TestStore.path("cc", "library");
  private static final StorePath INPUT = TestStore.path("ii", "input.drv");
  private static final StorePath BUILT = TestStore.path("ff", "input");

  @TempDir Path root;
  private TestHost host;
  private Answers answers = Answers.NONE;

  @BeforeEach
  void make() throws Exception {
    host = new TestHost(root);
    host.store().derivation("ii", "input", BUILT);
    make(BUILT);
    derivation(SOURCE, TestHost.BASH);
    host.file(root.resolve("invalid"), "");
    references(SOURCE, LIBRARY);
    host.program("nix-store", "exec " + root + "/bin/answer \"$@\"");
    host.program(
        "answer",
        """
        op=$2; shift 2
        for path; do
          if grep -qx "$path" %1$s/invalid; then
            [ $op = --requisites ] && echo "error: path '$path' is not valid" >&2 && exit 1
            echo $path
          elif [ $op = --requisites ]; then
            echo $path
            grep "^$path " %1$s/references | cut -d' ' -f2
          fi
        done
        :\
        """
            .formatted(root));
  }

  /** Makes store paths that are not there yet. */
  private void make(StorePath... paths) {
    for (StorePath path : paths) {
      Path file = root.resolve("nix/store").resolve(path.baseName());
      if (!Files.exists(file)) {
        host.file(file, "");
      }
    }
  }

  private void derivation(StorePath... sources) {
    make(sources);
    host.derivation(
        input(),
        Arrays.stream(sources)
            .map(path -> '"' + TestHost.whole(path) + '"')
            .collect(Collectors.joining(",")),
        "");
  }

  private static String input() {
    return "(\"" + TestHost.whole(INPUT) + "\",[\"out\"])";
  }

  private void references(StorePath... fromAndTo) {
    make(fromAndTo);
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < fromAndTo.length; i += 2) {
      lines.append(TestHost.whole(fromAndTo[i])).append(' ');
      lines.append(TestHost.whole(fromAndTo[i + 1])).append('\n');
    }
    host.file(root.resolve("references"), lines.toString());
  }

  private List<StorePath> closure(StorePath... tools) throws InputClosure.Unknown {
    return closure(host.sandboxPaths(tools));
  }

  private List<StorePath> closure(SandboxPaths paths) throws InputClosure.Unknown {
    try (KeptDirectory kept = host.open()) {
      return new InputClosure(
              host.nix(),
              new RememberedClosures(new StoreEntries(Fixture.FILES, host.nix()), answers),
              new DerivationFinder(host.nix(), List::of),
              kept,
              host.build(kept, Optional.empty()),
              host.messages())
              .entries(NixProgram.find(host.caller(), "nix-store", () -> false), paths)
              .entries()
              .names()
              .stream()
              .map(name -> new StorePath(name.latin1()))
              .toList();
    }
  }

  private String unknown() {
    return assertThrows(InputClosure.Unknown.class, this::closure).getMessage();
  }

  private void assertClosure(StorePath... expected) throws InputClosure.Unknown {
    assertEquals(
        Arrays.stream(expected).map(TestHost::whole).collect(Collectors.toSet()),
        closure().stream().map(TestHost::whole).collect(Collectors.toSet()));
  }

  @Test
  void isThatOfSourcesAndOfOutputsOfInputDerivations() throws Exception {
    assertClosure(SOURCE, LIBRARY, BUILT, TestHost.BASH);
    assertEquals("", host.said());
  }

  @Test
  void hasNoOutputOfTheBuild() throws Exception {
    references(SOURCE, LIBRARY, BUILT, TestHost.OUT);
    assertClosure(SOURCE, LIBRARY, BUILT, TestHost.BASH);
  }

  @Test
  void hasNoOutputThatEnvVarsNameAndTheDerivationDoesNot() throws Exception {
    StorePath scratch = TestStore.path("gg", "probe-1.0-dev");
    host.envVars("/build", "outputs=out dev", "dev=" + TestHost.whole(scratch));
    references(SOURCE, LIBRARY, BUILT, scratch);
    assertClosure(SOURCE, LIBRARY, BUILT, TestHost.BASH);
  }

  @Test
  void hasTheSandboxPathsOfTheStoreThatAreValid() throws Exception {
    StorePath path = TestStore.path("gg", "path");
    make(path);
    StorePath invalid = TestStore.path("hh", "invalid");
    host.settings(
        "sandbox-paths = /x=%s/x /y=%s /etc"
            .formatted(TestHost.whole(path), TestHost.whole(invalid)));
    host.file(root.resolve("invalid"), TestHost.whole(invalid) + "\n");
    assertClosure(SOURCE, LIBRARY, BUILT, TestHost.BASH, path);
  }

  /** One question serves the build's inputs and the caller's tools. */
  @Test
  void hasTheClosureOfWhatTheCallerNames() throws Exception {
    StorePath tool = TestStore.path("gg", "tool");
    StorePath used = TestStore.path("hh", "used");
    references(SOURCE, LIBRARY, tool, used);
    host.program("nix-store", "echo $2 >>%s/asked; exec %1$s/bin/answer \"$@\"".formatted(root));
    assertEquals(
        Set.of(SOURCE, LIBRARY, BUILT, TestHost.BASH, tool, used), Set.copyOf(closure(tool)));
    assertEquals("--requisites\n", Files.readString(root.resolve("asked")));
  }

  /** Nix is asked again for another question, and when a path is gone or another file. */
  @Test
  void isRememberedAsLongAsEachPathIsTheSameFile() throws Exception {
    Path store = root.resolve("nix/store");
    host.settings("sandbox-paths = /x=/y");
    host.program("nix-store", "echo >>%s/asked; exec %1$s/bin/answer \"$@\"".formatted(root));
    Path base = Files.createDirectory(root.resolve("base"));
    try (Directory opened = Fixture.open(base)) {
      answers = Answers.in(opened);
      assertClosure(SOURCE, LIBRARY, BUILT, TestHost.BASH);
      references(SOURCE, BUILT);
      assertClosure(SOURCE, LIBRARY, BUILT, TestHost.BASH);
      assertEquals(1, Files.size(root.resolve("asked")));
      assertEquals(Set.of(SOURCE, BUILT, TestHost.BASH), Set.copyOf(closure(BUILT)));
      assertEquals(2, Files.size(root.resolve("asked")));
      Files.delete(store.resolve(LIBRARY.baseName()));
      assertClosure(SOURCE, BUILT, TestHost.BASH);
      assertEquals(3, Files.size(root.resolve("asked")));
      references(SOURCE, LIBRARY);
      Files.move(
          host.file(root.resolve("new"), ""),
          store.resolve(SOURCE.baseName()),
          StandardCopyOption.REPLACE_EXISTING);
      assertClosure(SOURCE, LIBRARY, BUILT, TestHost.BASH);
      assertEquals(4, Files.size(root.resolve("asked")));
    }
  }

  /** Begins to ask, as for a derivation whose build log is being read, and returns the closure. */
  private List<StorePath> closureAskedAhead(StorePath derivation, StorePath... tools)
      throws InputClosure.Unknown {
    try (AskedAhead ahead = host.ahead(answers)) {
      ahead.closureOf(derivation);
      ahead.closureOf(INPUT);
      List<ByteString> named =
          Arrays.stream(tools).map(TestHost::whole).map(ByteString::of).toList();
      return closure(host.sandboxPaths(named, ahead));
    }
  }

  /** A first entry asks for it beside the build's log; a further one asks for nothing. */
  @Test
  void isAskedForAheadWhereItIsNotKnown() throws Exception {
    StorePath path = TestStore.path("gg", "path");
    host.settings("sandbox-paths = /x=/y /path=" + TestHost.whole(path));
    host.program("nix-store", "echo $2 >>%s/asked; exec %1$s/bin/answer \"$@\"".formatted(root));
    references(SOURCE, LIBRARY, BUILT, path);
    StorePath derivation = TestStore.path("dd", "probe-1.0.drv");
    Set<StorePath> expected = Set.of(SOURCE, LIBRARY, BUILT, TestHost.BASH, path);
    try (Directory opened = Fixture.open(Files.createDirectory(root.resolve("base")))) {
      answers = Answers.in(opened);
      assertEquals(expected, Set.copyOf(closureAskedAhead(derivation)));
      assertEquals("--requisites\n", Files.readString(root.resolve("asked")));
      assertEquals(expected, Set.copyOf(closureAskedAhead(derivation)));
      assertEquals("--requisites\n", Files.readString(root.resolve("asked")));
    }
  }

  /** What is told of other inputs, or not at all, is asked for again. */
  @Test
  void isAskedForAgainWhereTheAnswerIsAnother() throws Exception {
    StorePath tool = TestStore.path("gg", "tool");
    make(tool);
    StorePath derivation = TestStore.path("dd", "probe-1.0.drv");
    assertEquals(
        Set.of(SOURCE, LIBRARY, BUILT, TestHost.BASH), Set.copyOf(closureAskedAhead(INPUT)));
    assertEquals(
        Set.of(SOURCE, LIBRARY, BUILT, TestHost.BASH, tool),
        Set.copyOf(closureAskedAhead(derivation, tool)));
    host.file(root.resolve("invalid"), TestHost.whole(SOURCE) + "\n");
    Failure gone = assertThrows(Failure.class, () -> closureAskedAhead(derivation));
    assertTrue(gone.getMessage().contains("garbage-collected: " + TestHost.whole(SOURCE)));
  }

  /** The log may say that the build saw the whole store. */
  @Test
  void isNotWaitedForWhereItIsNotNeeded() throws Exception {
    Path asked = root.resolve("asked");
    host.program("nix-store", "echo $$ >" + asked + "; exec sleep 60");
    try (AskedAhead ahead = host.ahead(answers)) {
      ahead.closureOf(TestStore.path("dd", "probe-1.0.drv"));
      while (!Files.exists(asked) || Files.size(asked) == 0) {
        Thread.sleep(10);
      }
    }
    long program = Long.parseLong(Files.readString(asked).strip());
    assertTimeoutPreemptively(
        Duration.ofSeconds(10),
        () -> {
          while (ProcessHandle.of(program).filter(ProcessHandle::isAlive).isPresent()) {
            Thread.sleep(10);
          }
        });
  }

  @Test
  void refusesWhatTheCallerNamesAndTheStoreDoesNotHave() {
    StorePath tool = TestStore.path("gg", "tool");
    host.file(root.resolve("invalid"), TestHost.whole(tool) + "\n");
    Failure refused = assertThrows(Failure.class, () -> closure(tool));
    assertEquals(
        "cannot use --sandbox-path "
            + TestHost.whole(tool)
            + ": the store has no such path, or no build has finished it",
        refused.getMessage());
  }

  @Test
  void hasTheShellAndSaysThatItIsNoInput() throws Exception {
    derivation(SOURCE);
    assertClosure(SOURCE, LIBRARY, BUILT, TestHost.BASH);
    assertEquals(
        TestHost.whole(TestHost.BASH)
            + " has the shell and is shown, though it is no input of the build",
        host.said());
  }

  @Test
  void doesNotLookForAShellOfTheSystemInTheStore() throws Exception {
    host.systemShell(input(), '"' + TestHost.whole(SOURCE) + '"');
    assertClosure(SOURCE, LIBRARY, BUILT);
    assertEquals("", host.said());
  }

  @Test
  void refusesWhenInputsAreGone() {
    host.file(root.resolve("invalid"), TestHost.whole(SOURCE) + "\n" + TestHost.whole(BUILT));
    Failure gone = assertThrows(Failure.class, this::closure);
    assertTrue(
        gone.getMessage()
            .endsWith(
                "2 store paths are garbage-collected: "
                    + TestHost.whole(SOURCE)
                    + " "
                    + TestHost.whole(BUILT)),
        gone.getMessage());
    assertTrue(gone.remedy().contains("'" + TestHost.whole(INPUT) + "!out'"), gone.remedy());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "echo /etc/passwd | nix-store says /etc/passwd: it is not in /nix/store",
        "echo error: no daemon >&2; exit 1 | /nix-store failed: error: no daemon; see that",
      })
  void isUnknownWhenTheStoreCannotSay(String script, String why) {
    host.program("nix-store", script);
    String text = unknown();
    assertTrue(text.contains(why), text);
  }

  @Test
  void isUnknownWithoutNixStore() {
    host.set("PATH", "/none:bin");
    assertEquals("there is no nix-store on PATH; put Nix's programs on the PATH", unknown());
  }

  @Test
  void isUnknownWithoutADerivation() throws Exception {
    Files.delete(
        root.resolve("nix/store").resolve(TestStore.path("dd", "probe-1.0.drv").baseName()));
    assertTrue(unknown().startsWith("its derivation is not found; name the derivation: --drv"));
  }

  /** The name alone says little: env-vars names an output of another derivation. */
  @Test
  void isUnknownWhenTheDerivationHasOtherOutputs() throws Exception {
    host.store().derivation("dd", "probe-1.0", TestStore.path("hh", "probe-1.0"));
    assertTrue(unknown().startsWith("its derivation is not found"));
  }

  @Test
  void isUnknownWhenAnInputDerivationIsGone() throws Exception {
    Files.delete(root.resolve("nix/store").resolve(INPUT.baseName()));
    assertTrue(
        unknown()
            .startsWith("input derivations of it are garbage-collected: " + TestHost.whole(INPUT)));
  }
}
