package nixbuildshell.enter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.BuilderFile;
import nixbuildshell.console.ExitCode;
import nixbuildshell.console.Messages;
import nixbuildshell.files.FileSystem;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.nix.Configuration;
import nixbuildshell.sandbox.BinSh;
import nixbuildshell.sandbox.Entry;
import nixbuildshell.sandbox.Network;
import nixbuildshell.sandbox.SandboxSpec;
import nixbuildshell.store.EndOrder;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.TestStore;
import nixbuildshell.terminal.SignalRelay;
import nixbuildshell.view.TestHost;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Enters with a launcher that makes no sandbox, and looks at what it was to launch. */
class EnterTest {
  private static final int STATUS = 7;

  @TempDir Path root;
  private TestHost host;
  private final SystemCalls calls = new SystemCalls(Kernels.best(Optional::empty));
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final List<SandboxSpec> launched = new ArrayList<>();
  private final List<Path> sessions = new ArrayList<>();

  /** What the program ends with. */
  private int status = STATUS;

  /** Stands for the program: changes the session's build directory. */
  private Work work = build -> {};

  private interface Work {
    void in(Path build) throws IOException;
  }

  @BeforeEach
  void make() {
    on();
  }

  /** Starts anew with a caller that has these terminals. */
  private void on(Integer... terminals) {
    host = new TestHost(root, terminals);
    host.manifestOf(TestHost.BASH);
  }

  /** Options that a case changes. */
  private final class Asked {
    private final Path directory;
    private final String[] command;
    private Optional<ByteString> derivation = Optional.empty();
    private Optional<ByteString> store = Optional.of(ByteString.of(root.toString()));
    private Optional<Network> network = Optional.empty();
    private Optional<BinSh> binSh = Optional.empty();
    private Path workDirectory = root;
    private boolean builder;
    private boolean explain;
    private Optional<Options.Task> task = Optional.empty();
    private boolean quiet;
    private EndOrder order = EndOrder.UNKNOWN;

    private Asked(Path directory, String... command) {
      this.directory = directory;
      this.command = command;
    }

    private int enter() {
      return EnterTest.this.enter(options());
    }

    private Options options() {
      return new Options(
          ByteString.of(directory.toString()),
          Stream.of(command).map(ByteString::of).toList(),
          derivation,
          store,
          Optional.of(ByteString.of(workDirectory.toString())),
          network,
          binSh,
          List.of(),
          List.of(),
          builder,
          explain,
          Optional.empty(),
          order,
          task,
          quiet,
          0);
    }
  }

  private int enter(Options options) {
    return enter(options, host.messages());
  }

  private int enter(Options options, Messages messages) {
    SignalRelay signals = new SignalRelay(signal -> {});
    PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);
    return new Enter(
            options,
            host.caller(),
            Configuration.read(host.caller()),
            messages,
            print,
            calls,
            new FileSystem(calls),
            signals,
            (spec, session) -> {
              launched.add(spec);
              sessions.add(Path.of(session.path().toString()));
              try {
                work.in(sessions.get(sessions.size() - 1).resolve("build"));
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
              return status;
            })
        .run();
  }

  private int enter(Path directory, String... command) {
    return new Asked(directory, command).enter();
  }

  private SandboxSpec last() {
    return launched.get(launched.size() - 1);
  }

  private Path session() {
    return sessions.get(sessions.size() - 1);
  }

  private Path interactiveSession() {
    on(0, 1, 2);
    work = build -> Files.writeString(build.resolve("source/file"), "changed");
    enter(host.kept());
    work = build -> {};
    host.said();
    return session();
  }

  @Test
  void aCommandHasACopyAndLeavesNothing() throws IOException {
    work =
        build -> {
          assertEquals("text", Files.readString(build.resolve("source/file")));
          Files.writeString(build.resolve("source/file"), "changed");
        };
    assertEquals(STATUS, enter(host.kept(), "make", "check"));
    assertEquals(
        List.of("make", "check"),
        last().program().arguments().stream().map(Object::toString).skip(4).toList());
    assertEquals(TestStore.SHELL, last().program().paths().get(0).toString());
    assertEquals(Network.LOOPBACK, last().network());
    assertFalse(Files.exists(session()));
    assertEquals("text", Files.readString(host.kept().resolve("source/file")));
    assertEquals("", host.said());
  }

  @Test
  void aShellThatChangesNothingLeavesNothing() {
    on(0, 1, 2);
    Asked asked = new Asked(host.kept());
    asked.quiet = true;
    assertEquals(STATUS, asked.enter());
    assertFalse(Files.exists(session()));
    assertEquals("", host.said());
  }

  @Test
  void aShellThatChangesSomethingLeavesItsSession() throws IOException {
    on(0, 1, 2);
    work = build -> Files.writeString(build.resolve("source/file"), "changed");
    Asked asked = new Asked(host.kept());
    asked.quiet = true;
    assertEquals(STATUS, asked.enter());
    assertTrue(host.said().startsWith("your changes are kept in " + session()));
    assertEquals("changed", Files.readString(session().resolve("build/source/file")));
    assertEquals("text", Files.readString(host.kept().resolve("source/file")));
  }

  /** The log's reader ends when it sees the copy: whoever waits for it first gets no line. */
  @ParameterizedTest
  @CsvSource({
    "UNKNOWN, buildPhase of probe-1.0 failed",
    "DIRECTORY_FIRST, probe-1.0 was stopped in buildPhase",
  })
  void theLogIsReadBesideTheCopyAndItsLineSaidBeforeTheShell(EndOrder order, String line)
      throws IOException {
    on(0, 1, 2);
    String drv = host.derivation("", "", "").latin1().substring("/nix/store/dd".length());
    Path log = host.file(root.resolve("nix/var/log/nix/drvs/dd/" + drv + ".bz2"), "");
    Files.setLastModifiedTime(log, (FileTime) Files.getAttribute(host.kept(), "unix:ctime"));
    host.program(
        "nix-store", whenCopied("echo '@nix {\"action\":\"setPhase\",\"phase\":\"buildPhase\"}'"));
    work = build -> assertTrue(host.said().startsWith(line + "\n"));
    Asked asked = new Asked(host.kept());
    asked.order = order;
    assertEquals(STATUS, asked.enter());
  }

  /** Returns a program that does something when it sees the copy, and else waits and fails. */
  private String whenCopied(String command) {
    return """
        for i in $(seq 100); do
          [ -z "$(find %s -path '*/build/source/file')" ] || break
          sleep 0.1
        done
        [ $i = 100 ] || exec %s
        exit 1
        """
        .formatted(root, command);
  }

  @Test
  void theCopyIsMadeBesideTheQuestionsToNix() {
    closureIs(TestHost.whole(TestHost.BASH));
    assertEquals(STATUS, enter(host.kept(), "true"));
    assertTrue(last().entries().stream().anyMatch(Entry.BoundStore.class::isInstance));
    assertEquals("", host.said());
  }

  @Test
  void whatNixAnswersCanRefuseTheEntryAndLeavesNoCopy() {
    String gone = TestHost.whole(TestStore.path("gg", "gone"));
    closureIs(gone);
    Failure refused = assertThrows(Failure.class, () -> enter(host.kept(), "true"));
    assertTrue(refused.getMessage().contains(gone), refused.getMessage());
    assertEquals(List.of(), launched);
    assertEquals(
        List.of(),
        files().stream().filter(path -> path.toString().contains("probe-1.0-")).toList());
  }

  private void closureIs(String path) {
    host.kept().resolve(".nix-build-shell/manifest.json").toFile().delete();
    host.derivation("", '"' + TestHost.whole(TestHost.BASH) + '"', "");
    host.program("nix-store", whenCopied("echo " + path));
  }

  /** A script, by any path, whose interpreter is in the sandbox or is not. */
  @ParameterizedTest
  @CsvSource({
    "source/tool,/usr/bin/env,true",
    "/build/source/../source/./tool,/usr/bin/env,true",
    "source/tool,/bin/sh,false",
    "source/tool,/bin/bash,true",
    "source/tool,SHELL,false",
    "source/tool,/nix/store/00000000000000000000000000000000-none/bin/bash,true",
    "source/tool,/build/source/file,false",
    "source/tool,/build/source/none,true",
    "source/tool,/proc/self/exe,false",
    "source/file,/usr/bin/env,false",
    "tool,/usr/bin/env,false",
  })
  void aProgramWhoseInterpreterIsMissingIsTold(String command, String interpreter, boolean told)
      throws IOException {
    Path tool =
        host.file(
            host.kept().resolve("source/tool"),
            "#!" + interpreter.replace("SHELL", TestStore.SHELL) + "\n");
    Files.setPosixFilePermissions(tool, PosixFilePermissions.fromString("rwxr-xr-x"));
    status = ExitCode.NOT_FOUND;
    enter(host.kept(), command);
    assertEquals(
        told
            ? "cannot start %s: it is there, but its interpreter %s is not in the sandbox. Try: patchShebangs"
                .formatted(command, interpreter)
            : "",
        host.said());
    status = STATUS;
    enter(host.kept(), command);
    assertEquals("", host.said());
  }

  /** The shell at the failure is bash with a start-up file, and finds its files in the copy. */
  @Test
  void aTerminalGetsTheShellAtTheFailure() throws IOException {
    on(0, 1, 2);
    Path[] shell = new Path[1];
    work =
        build -> {
          shell[0] = build.resolve(".nix-build-shell/shell");
          assertTrue(Files.readString(shell[0].resolve("start.bash")).contains("facts.bash"));
          assertTrue(Files.readString(shell[0].resolve("facts.bash")).contains("Name='probe-1.0'"));
          assertTrue(Files.exists(shell[0].resolve("dump.bash")));
          Files.writeString(
              shell[0].resolve("history"), Files.readString(shell[0].resolve("history")) + "ls\n");
          host.file(build.resolve("new"), "");
        };
    assertEquals(STATUS, enter(host.kept(), "bash"));
    String startUp = "/build/.nix-build-shell/shell/start.bash";
    assertEquals(
        List.of(TestStore.SHELL, "--rcfile", startUp, "-i"),
        last().program().arguments().stream().map(Object::toString).toList());
    List<String> said = host.said().lines().toList();
    assertEquals("probe-1.0 failed", said.get(0));
    String name = session().getFileName().toString();
    assertTrue(said.toString().contains("come back with  nix-build-shell --work-dir "));
    assertTrue(said.toString().contains(" " + name + ", "), said.toString());
    // By its short name, the caller arrives again, and a plain bash of a script does not.
    assertEquals(STATUS, enter(Path.of(name)));
    assertEquals(startUp, last().program().arguments().get(2).toString());
    assertEquals(said.subList(0, 4), host.said().lines().toList().subList(0, 4));
    assertEquals("ls\nls\n", Files.readString(shell[0].resolve("history")));
    work = build -> {};
    enter(Path.of(name), "bash", "-c", "true");
    assertEquals("-c", last().program().arguments().get(1).toString());
    on(0, 2);
    enter(host.kept(), "bash");
    assertEquals("-c", last().program().arguments().get(1).toString());
  }

  /** An output that was there before the phase is not its own. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theOutputsThatThePhaseBeganAreKnown(boolean before) throws IOException {
    on(0, 1, 2);
    String out = TestHost.whole(TestHost.OUT);
    host.envVars("/build", "x=y");
    host.file(root.resolve("nix/store").resolve(TestHost.OUT.baseName()), "half");
    Files.setLastModifiedTime(
        host.kept().resolve("env-vars"),
        FileTime.from(Instant.now().plusSeconds(before ? 3600 : -3600)));
    work =
        build -> {
          String facts = Files.readString(build.resolve(".nix-build-shell/shell/facts.bash"));
          assertTrue(facts.contains("Began=(" + (before ? "" : "'" + out + "'") + ")\n"), facts);
          assertTrue(facts.contains("nbsFactState='envvars'\n"), facts);
        };
    assertEquals(STATUS, enter(host.kept()));
  }

  @Test
  void aPhaseIsRunAgainInACopyOrInTheSession() {
    Asked asked = new Asked(host.kept());
    asked.task =
        Optional.of(new Options.Retry(Optional.of(ByteString.of("buildPhase")), true, false));
    work = build -> assertTrue(Files.exists(build.resolve(".nix-build-shell/shell/run.bash")));
    assertEquals(STATUS, asked.enter());
    assertEquals(
        "retry --trace buildPhase",
        last().program().arguments().stream()
            .skip(3)
            .map(Object::toString)
            .collect(Collectors.joining(" ")));
    assertFalse(last().program().readsInput());
    assertFalse(Files.exists(session()));
    Path session = interactiveSession();
    Asked again = new Asked(session);
    again.task = asked.task;
    assertEquals(STATUS, again.enter());
    assertEquals(session, session());
    assertTrue(Files.exists(session));
  }

  @Test
  void aPathIsThatOfTheNewestSessionOrOfANewOne() {
    Asked asked = new Asked(host.kept());
    asked.task = Optional.of(new Options.ShowPath());
    assertEquals(0, asked.enter());
    assertEquals(0, asked.enter());
    List<String> shown = out.toString(StandardCharsets.UTF_8).lines().toList();
    assertEquals(shown.get(0), shown.get(1));
    assertEquals(List.of(), launched);
    Path build = Path.of(shown.get(0));
    assertTrue(Files.exists(build.resolve("source/file")));
    // The next run cleans, and a session in use has a path too.
    work = any -> assertEquals(0, asked.enter());
    assertEquals(STATUS, enter(host.kept(), "true"));
    assertTrue(Files.exists(build));
    Asked named = new Asked(build.getParent().getFileName());
    named.task = asked.task;
    work = any -> assertEquals(0, named.enter());
    assertEquals(STATUS, enter(build.getParent(), "true"));
    shown = out.toString(StandardCharsets.UTF_8).lines().toList();
    assertEquals(4, shown.size());
    assertEquals(1, Set.copyOf(shown).size());
    assertFalse(host.said().contains("your changes"));
  }

  @Test
  void aSessionIsEnteredInPlaceAndStays() throws IOException {
    Path session = interactiveSession();
    work =
        build -> {
          assertEquals("changed", Files.readString(build.resolve("source/file")));
          Files.writeString(build.resolve("more"), "");
        };
    SandboxSpec before = last();
    assertEquals(STATUS, enter(session, "true"));
    assertEquals(List.of(session, session), sessions);
    assertTrue(Files.exists(session.resolve("build/more")));
    assertEquals(before.entries(), last().entries());
    assertEquals(before.filter(), last().filter());
    assertEquals("", host.said());
  }

  @Test
  void aSessionKeepsItsNetworkAndItsStore() {
    on(0, 1, 2);
    work = build -> Files.writeString(build.resolve("new"), "");
    Asked first = new Asked(host.kept());
    first.network = Optional.of(Network.HOST);
    first.enter();
    assertEquals(Network.HOST, last().network());
    host.said();
    SandboxSpec before = last();
    Asked again = new Asked(session(), "true");
    again.store = Optional.empty();
    assertEquals(STATUS, again.enter());
    assertEquals(before.entries(), last().entries());
    assertTrue(
        host.said().startsWith("the network is the host's, as before; --network none closes it"));
  }

  private boolean hasBinSh() {
    return last().entries().stream().anyMatch(entry -> entry.path().equals("/bin/sh"));
  }

  /** Without sandbox-paths, Nix gives none. */
  @ParameterizedTest
  @CsvSource({", true", "BUILD, true", "NIX, false"})
  void binShIsTheBuildsOrNixsAlsoInASession(BinSh rule, boolean expected) {
    on(0, 1, 2);
    work = build -> Files.writeString(build.resolve("new"), "");
    Asked first = new Asked(host.kept());
    first.binSh = Optional.ofNullable(rule);
    first.enter();
    assertEquals(expected, hasBinSh());
    enter(session(), "true");
    assertEquals(expected, hasBinSh());
  }

  @Test
  void aSessionRefusesAnotherBinSh() {
    Asked asked = new Asked(interactiveSession(), "true");
    asked.binSh = Optional.of(BinSh.NIX);
    Failure refused = assertThrows(Failure.class, asked::enter);
    assertTrue(refused.getMessage().startsWith("cannot use --bin-sh in "), refused.getMessage());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void explainingMakesNoSessionAndLaunchesNothing(boolean session) {
    Path directory = session ? interactiveSession() : host.kept();
    int before = launched.size();
    List<Path> files = files();
    Asked asked = new Asked(directory, "true");
    asked.explain = true;
    assertEquals(0, asked.enter());
    assertTrue(out.toString(StandardCharsets.UTF_8).contains("pivot_root("));
    assertEquals(before, launched.size());
    assertEquals(files, files());
  }

  @Test
  void explainingWhatOnlyLooksLikeASessionLaunchesNothing() {
    host.file(host.kept().resolve("session.properties"), "");
    Asked asked = new Asked(host.kept(), "true");
    asked.explain = true;
    assertEquals(0, asked.enter());
    assertEquals(List.of(), launched);
  }

  private List<Path> files() {
    try (Stream<Path> all = Files.walk(root)) {
      return all.sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSessionRefusesWhatIsForAFreshCopy(boolean builder) {
    Path session = interactiveSession();
    Asked asked = new Asked(session);
    asked.builder = builder;
    asked.derivation = Optional.of(ByteString.of("/nix/store/x.drv")).filter(drv -> !builder);
    Failure refused = assertThrows(Failure.class, asked::enter);
    assertEquals(
        "cannot use "
            + (builder ? "--builder" : "--drv")
            + " in "
            + session
            + ": it is for a fresh copy, and this is a session",
        refused.getMessage());
    assertEquals("name the kept directory: " + host.kept(), refused.remedy());
  }

  @ParameterizedTest
  @CsvSource({"false, 493", "true, 365"})
  void theLayoutTellsWhichNixBuiltIt(boolean nested, int mode) {
    if (nested) {
      host.nested();
    }
    enter(host.kept(), "true");
    assertTrue(last().entries().contains(new Entry.Directory("/etc", mode)), last().toString());
  }

  /** {@code @} stands for the directory that has the kept one. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "@/nix-build-probe-1.0.drv-0/source | it lies in a directory that Nix kept"
            + " | nix-build-shell @/nix-build-probe-1.0.drv-0",
        "@/nix-build-probe-1.0.drv-0/env-vars | it is a regular file"
            + " | nix-build-shell @/nix-build-probe-1.0.drv-0",
        "@/nix-build-probe-1.0.drv-0/source/file | it is a regular file: ENOTDIR"
            + " | nix-build-shell @/nix-build-probe-1.0.drv-0",
        "@/etc/file | it is a regular file | name the directory that Nix kept",
        "@/x#y | it looks like a flake reference | nix build --keep-failed @/x#y', and",
        "nixpkgs#hello | it looks like a flake reference | nix build --keep-failed 'nixpkgs#hello'",
        "github:NixOS/nixpkgs | it looks like a flake reference | nix build --keep-failed github:",
        "@/nix/store/aax0igcrwfwm41wfxs0d0r1jajiz806j-probe-1.0.drv | it is a derivation"
            + " | nix-store --realise --keep-failed /nix/store/aax0igcrwfwm41wfxs0d0r1jajiz806j-p",
        "/nix/store/aax0igcrwfwm41wfxs0d0r1jajiz806j-probe-1.0.drv | it is a derivation"
            + " | nix-store --realise --keep-failed /nix/store/aax0igcrwfwm41wfxs0d0r1jajiz806j-p",
        "@/nix/store/wjy2msil2glkjpnpjwipz62bw87fy4ni-bash-5.2 | it lies in the store"
            + " | build it with --keep-failed",
        "@/none | ENOENT (no such file or directory) | ''",
      })
  void aMistakeGetsTheMessageThatHelps(String argument, String why, String remedy)
      throws IOException {
    host.set("TMPDIR", root.toString());
    host.file(root.resolve("etc/file"), "");
    host.store().derivation("aa", "probe-1.0", TestHost.OUT);
    Asked asked = new Asked(Path.of(argument.replace("@", root.toString())), "true");
    Failure refused = assertThrows(Failure.class, asked::enter);
    assertTrue(refused.getMessage().contains(why), refused.getMessage());
    assertTrue(
        refused
            .remedy()
            .replace("'" + root, root.toString())
            .startsWith(remedy.replace("@", root.toString())),
        refused.remedy());
    assertEquals(List.of(), launched);
  }

  @Test
  void aCommandLineInOneWordIsNoProgram() {
    enter(host.kept(), "echo hi");
    enter(host.kept(), "true");
    status = ExitCode.NOT_FOUND;
    enter(host.kept(), "none");
    enter(host.kept(), "echo", "hi there");
    assertFalse(host.said().contains("one word"));
    enter(host.kept(), "echo  hi;");
    String start = "nix-build-shell " + host.kept();
    assertTrue(
        host.said()
            .endsWith(
                "'echo  hi;' is one word, and so the name of a program. Try: "
                    + (start + " echo 'hi;', or with a shell: ")
                    + (start + " bash -c 'echo  hi;'")));
  }

  @Test
  void whatIsGoneMayHaveBeenRemovedByARule() {
    host.set("TMPDIR", root.toString());
    host.file(root.resolve("etc/tmpfiles.d/a.conf"), "d " + root + " 0755 - - 7d\nd /x - - - 1d\n");
    Path gone = root.resolve("nix-build-gone-1.0.drv-0");
    Failure refused = assertThrows(Failure.class, () -> enter(gone));
    assertEquals("the newest kept failures are:", refused.list().get(0));
    assertTrue(refused.list().contains("  " + host.kept()), refused.list().toString());
    assertTrue(
        refused
            .list()
            .containsAll(
                List.of(
                    "these rules of systemd-tmpfiles may have removed it:",
                    "  " + root + "/etc/tmpfiles.d/a.conf: d " + root + " 0755 - - 7d")),
        refused.list().toString());
    assertFalse(refused.list().toString().contains("/x - - - 1d"));
    // What no Nix would have named so is no kept directory that a rule removed.
    Failure typed = assertThrows(Failure.class, () -> enter(root.resolve("none")));
    assertFalse(typed.list().toString().contains("tmpfiles"));
  }

  /** An attacker may own the directory, and write to it while the tool is at work. */
  @Test
  void whatWasCheckedOfEnvVarsIsSourced() throws IOException {
    host.manifestOf(TestHost.BASH);
    Path file = host.kept().resolve("env-vars");
    String checked = Files.readString(file);
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    OutputStream attacker =
        new OutputStream() {
          @Override
          public void write(int next) throws IOException {
            Files.writeString(file, checked + "touch /tmp/mine\n");
            said.write(next);
          }
        };
    work = build -> assertEquals(checked, Files.readString(build.resolve("env-vars")));
    Messages messages = new Messages(new PrintStream(attacker, true), false, 1);
    assertEquals(STATUS, enter(new Asked(host.kept(), "true").options(), messages));
    assertTrue(said.toString().contains("env-vars has changed since it was checked"));
  }

  /** Makes a build with a stdenv whose env-vars is not there. */
  private void withStdenv() throws IOException {
    Files.delete(host.kept().resolve("env-vars"));
    host.derivation("", "", ",(\"stdenv\",\"" + TestHost.whole(TestHost.BASH) + "\")");
  }

  @Test
  void setupRunsInAnEmptyDirectoryAndItsResultIsAddedToTheCopy() throws IOException {
    on(0, 1, 2);
    withStdenv();
    host.file(host.kept().resolve("cache/kept"), "kept");
    Path[] stored = new Path[1];
    work =
        build -> {
          Path session = build.getParent();
          if (session.endsWith("setup")) {
            assertEquals(List.of("env-vars"), names(build));
            Files.writeString(build.resolve("env-vars"), "declare -x MADE=1\n");
            Files.writeString(build.resolve(".nix-build-shell.bash"), "all=()\n");
            host.file(build.resolve("cache/made"), "");
            host.file(build.resolve("scratch/file"), "");
            assertTrue(build.resolve("scratch").toFile().setWritable(false));
            host.file(session.resolve("tmp/also"), "");
          } else {
            assertEquals("declare -x MADE=1\n", Files.readString(build.resolve("env-vars")));
            assertEquals(List.of("kept"), names(build.resolve("cache")));
            assertEquals(List.of("file"), names(build.resolve("scratch")));
            assertFalse(
                Files.getPosixFilePermissions(build.resolve("scratch"))
                    .contains(PosixFilePermission.OWNER_WRITE));
            assertEquals(
                List.of("cache", "env-vars", "scratch", "source"), names(build).subList(1, 5));
            assertEquals(List.of("also"), names(session.resolve("tmp")));
            assertEquals("all=()\n", Files.readString(session.resolve("environment.bash")));
            assertFalse(Files.exists(session.resolve("setup")));
            stored[0] = session;
          }
        };
    assertEquals(STATUS, enter(host.kept()));
    assertEquals(2, launched.size());
    assertFalse(launched.get(0).program().readsInput());
    assertEquals(launched.get(0).filter(), launched.get(1).filter());
    assertFalse(Files.exists(stored[0]), "nothing has changed");
  }

  /** Setup runs again where it failed or made files, and for another derivation. */
  @ParameterizedTest
  @CsvSource({"'', 3", ".nix-build-shell.failed, 4", "scratch, 4", "../tmp/scratch, 4"})
  void theResultOfASetupThatMadeNoFilesServesTheNextCopy(String more, int runs) throws IOException {
    withStdenv();
    work =
        build -> {
          if (build.getParent().endsWith("setup")) {
            Files.writeString(build.resolve("env-vars"), "declare -x MADE=1\n");
            Files.writeString(build.resolve(".nix-build-shell.bash"), "all=()\n");
            if (!more.isEmpty()) {
              host.file(build.resolve(more), "");
            }
          } else {
            assertEquals("declare -x MADE=1\n", Files.readString(build.resolve("env-vars")));
            assertEquals("all=()\n", Files.readString(build.resolveSibling("environment.bash")));
          }
        };
    assertEquals(STATUS, enter(host.kept(), "true"));
    assertEquals(STATUS, enter(host.kept(), "true"));
    assertEquals(runs, launched.size());
    host.derivation(
        "", "", ",(\"stdenv\",\"" + TestHost.whole(TestHost.BASH) + "\"),(\"more\",\"1\")");
    assertEquals(STATUS, enter(host.kept(), "true"));
    assertEquals(runs + 2, launched.size());
  }

  @Test
  void aStepThatFailsInTheRunOfSetupIsNamed() throws IOException {
    withStdenv();
    work =
        build -> {
          throw new Failure("cannot mount the root file system", "EPERM", "");
        };
    Failure failed = assertThrows(Failure.class, () -> enter(host.kept(), "true"));
    assertEquals("cannot mount the root file system: EPERM", failed.getMessage());
    assertTrue(session().endsWith("setup"));
    assertFalse(Files.exists(session().getParent()));
  }

  @Test
  void aSetupWithoutAResultLeavesTheBuildersVariables() throws IOException {
    withStdenv();
    work =
        build ->
            assertTrue(Files.readString(build.resolve("env-vars")).contains("declare -x stdenv="));
    assertEquals(STATUS, enter(host.kept(), "true"));
    assertEquals(2, launched.size());
    assertTrue(host.said().contains("$stdenv/setup ended without a result"));
  }

  @Test
  void theBuilderStartsWithTheFilesOfNixAlone() {
    host.derivation("", "", ",(\"text\",\"x\"),(\"passAsFile\",\"text\")");
    work = build -> assertEquals(List.of(BuilderFile.nameOf(ByteString.of("text"))), names(build));
    Asked asked = new Asked(host.kept());
    asked.builder = true;
    assertEquals(STATUS, asked.enter());
  }

  private static List<String> names(Path directory) {
    try (Stream<Path> all = Files.list(directory)) {
      return all.map(path -> path.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void uidRangeNeedsRoot() {
    ByteString derivation = host.derivation("", "", ",(\"requiredSystemFeatures\",\"uid-range\")");
    Asked asked = new Asked(host.kept(), "true");
    asked.derivation = Optional.of(derivation);
    Failure refused = assertThrows(Failure.class, asked::enter);
    assertTrue(
        refused.getMessage().startsWith("cannot enter " + host.kept() + ": its build was root of"),
        refused.getMessage());
    assertEquals(List.of(), launched);
  }

  @Test
  void whatIsMissingIsNamed() {
    Failure missing = assertThrows(Failure.class, () -> enter(root.resolve("none")));
    assertTrue(missing.getMessage().startsWith("cannot enter " + root + "/none: "));
    StorePath other = TestStore.path("bb", "other");
    host.manifestOf(TestHost.BASH, other);
    Failure gone = assertThrows(Failure.class, () -> enter(host.kept(), "true"));
    assertTrue(gone.getMessage().endsWith(TestHost.whole(other)), gone.getMessage());
    assertEquals(List.of(), launched);
  }

  /** Only at a place that Nix gives a build does its directory keep its path. */
  @ParameterizedTest
  @CsvSource({
    "/tmp/nix-build-probe-1.0.drv-0, true, 'the build had no sandbox: NIX_BUILD_TOP was /tmp/'",
    "/srv/nix-build-probe-1.0.drv-0, true, 'the build had no sandbox: NIX_BUILD_TOP was /srv/'",
    "/opt/nix-build-probe-1.0.drv-0, false, 'NIX_BUILD_TOP was /opt/nix-build-probe-1.0.drv-0, no'",
    "/srv/elsewhere, false, 'NIX_BUILD_TOP was /srv/elsewhere, no place that Nix gives a build'",
  })
  void aBuildWithoutASandboxHasItsDirectoryWhereItWas(String top, boolean place, String said) {
    host.settings("build-dir = /srv");
    host.set("NIX_CONFIG", "build-dir = /opt");
    host.manifest("\"id\": \"x\"");
    host.envVars(top);
    enter(host.kept(), "true");
    assertEquals(place ? top : "/build", last().program().directory(), last().program().toString());
    assertTrue(host.said().contains(said));
  }

  /** A build had it where the setting says now, or at its usual place, before it was set. */
  @ParameterizedTest
  @CsvSource({
    "/work/here, /work/here, /work/here, ''",
    "/work/here, /build, /build, ''",
    "/build2, /build2, /build2, ''",
    "/tmp/x, /build, /build, 'sandbox-build-dir = /tmp/x is ignored: no sandbox has its build'",
    "/nix/x, /build, /build, 'sandbox-build-dir = /nix/x is ignored'",
    "/a/../x, /build, /build, 'sandbox-build-dir = /a/../x is ignored'",
    "relative, /build, /build, 'sandbox-build-dir = relative is ignored'",
  })
  void aSandboxHasItsBuildDirectoryWhereNixsSettingSays(
      String setting, String top, String expected, String said) {
    host.settings("sandbox-build-dir = " + setting);
    host.manifest("\"id\": \"x\"");
    host.envVars(top);
    enter(host.kept(), "true");
    assertEquals(expected, last().program().directory());
    String script = last().program().arguments().get(2).latin1();
    assertTrue(script.startsWith("source " + expected + "/env-vars; "), script);
    String entries = last().entries().toString();
    assertEquals(expected.equals("/build"), entries.contains("path=/build,"), entries);
    assertTrue(entries.contains("Nix build user:" + expected + ":/noshell"), entries);
    String notes = host.said();
    assertEquals(!said.isEmpty(), notes.contains("sandbox-build-dir"), notes);
    assertTrue(notes.contains(said), notes);
    assertFalse(notes.contains("NIX_BUILD_TOP"), notes);
  }
}
