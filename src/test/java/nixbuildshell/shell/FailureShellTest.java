package nixbuildshell.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import nixbuildshell.capture.Bash;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests the shell at the failure and its phases: with real bashes, on the fixtures' stdenv, in a
 * build directory of the test's.
 */
class FailureShellTest {
  private static final Bash BASH = new Bash("/usr/bin/bash", "");
  private static final String SETUP =
      Path.of("tests/fixtures/stdenv/setup.sh").toAbsolutePath().toString();

  @TempDir Path scratch;
  private Path top;
  private Path kept;
  private Path shell;
  private Path out;

  static Stream<Bash> shells() {
    return Stream.of("/usr/bin/bash", "/usr/bin/bash-static").map(program -> new Bash(program, ""));
  }

  @BeforeEach
  void prepare() throws IOException {
    top = scratch.resolve("build");
    kept = top.resolve(".nix-build-shell");
    shell = kept.resolve("shell");
    Files.createDirectories(shell);
    out = Files.createDirectory(scratch.resolve("store")).resolve("out");
    for (String name : new String[] {"start", "load", "phases", "run", "again", "rebuild", "say"}) {
      resource(name + ".bash", name + ".bash");
    }
    resource("state.sh", "dump.bash");
  }

  private void resource(String name, String file) throws IOException {
    try (var in = SetupProgram.class.getResourceAsStream(name)) {
      Files.copy(in, shell.resolve(file));
    }
  }

  /** Writes what Java says of the build; later assignments win. */
  private void facts(String more) throws IOException {
    Files.writeString(
        shell.resolve("facts.bash"),
        """
        nbsFactName=hello-1.0 nbsFactPhase=buildPhase nbsFactDirectory= nbsFactTop=%s nbsFactBash=/usr/bin/bash
        nbsFactState=rebuilt nbsFactBuilder=(/usr/bin/bash -ec 'source $stdenv/setup; genericBuild')
        nbsFactFiles=() nbsFactBegan=() nbsFactChecks=() nbsFactStructured= nbsFactSession=/session
        declare -A nbsFactOutputs=([out]=%s)
        %s
        """
            .formatted(top, out, more));
  }

  /** Leaves the state of a shell that has run the script after stdenv's setup. */
  private void state(Path file, String script, String dump) throws Exception {
    Bash.Result result =
        BASH.run(
            """
            cd "$1"
            export NIX_BUILD_TOP=$1 TMPDIR=$1 name=hello-1.0 out=$2 stdenv=/x SHELL=/usr/bin/bash initialPath=/usr NIX_LOG_FD=2
            set -e
            source "$3"
            trap - EXIT
            source "$1/.nix-build-shell/shell/dump.bash"
            %s
            _nixBuildShellCwd=$PWD$'\\n'.
            %s
            """
                .formatted(script, dump.formatted("'" + file + "'")),
            top.toString(),
            out.toString(),
            SETUP);
    assertEquals("", result.err().latin1());
    assertEquals(0, result.status());
  }

  /** Leaves the rebuilt environment. */
  private void rebuilt(String script) throws Exception {
    facts("");
    state(shell.resolve("environment.bash"), script, "(_nixBuildShellDump errexit) >%s");
  }

  /** Leaves what the hook leaves: the state at the failure and that at the start of the phase. */
  private void hooked(String before, String after) throws Exception {
    facts("nbsFactState=hook");
    state(kept.resolve("phase.bash"), before, "_nixBuildShellSave %s");
    state(kept.resolve("state.bash"), before + "\n" + after, "(_nixBuildShellDump errexit) >%s");
  }

  private Bash.Result run(Bash bash, String... arguments) throws Exception {
    String[] all = new String[arguments.length + 2];
    all[0] = bash.program();
    all[1] = shell.resolve("run.bash").toString();
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    return bash.run("exec \"$@\"", all);
  }

  private Bash.Result run(String... arguments) throws Exception {
    return run(BASH, arguments);
  }

  /** Returns what the caller sees who types these lines, without prompts. */
  private String type(Bash bash, String lines) throws Exception {
    Path file = scratch.resolve("typed");
    Files.writeString(file, lines + "\n");
    Bash.Result result =
        bash.run(
            "exec \"$1\" --noediting --rcfile \"$2\" -i <\"$3\" 2>/dev/null",
            bash.program(),
            shell.resolve("start.bash").toString(),
            file.toString());
    return result.out().latin1().replace(top.toString(), "TOP");
  }

  private String result() throws IOException {
    return Files.readString(shell.resolve("result")).replace(top.toString(), "TOP");
  }

  /**
   * Has in each row the text of a phase, what it prints, its status, and what is said of its end.
   */
  private static final String PHASES =
      """
      false; echo on                              %          % 1   % at PHASE:1: false
      echo "[$notset]"                            % []       % 0   % succeeded
      for f in *.nothere; do echo "$f"; done      %          % 0   % succeeded
      false | true; echo on                       %          % 1   % at PHASE:1: in a pipeline with true
      (exit 3); echo on                           %          % 3   % at PHASE:1: ( exit 3 )
      x=$(false; echo on); echo on                %          % 1   % at PHASE:1: x=$(false; echo on)
      set +e; false; echo on                      % on       % 0   % succeeded
      exit 4                                      %          % 4   % failed with exit code
      kill -9 $$                                  %          % 137 % failed with exit code
      trap "echo bye" EXIT; exit 6                % bye      % 6   % failed with exit code
      exec false                                  %          % 1   % failed with exit code
      f() { return 5; }; f; echo on               %          % 5   % at PHASE:1: return 5
      read -r x || echo "no input"              % no input % 0   % succeeded
      echo "$curPhase $PWD"                       % PHASE TOP/hello % 0 % succeeded
      echo "${NIX_LOG_FD:-none}"                  % none     % 0   % succeeded
      echo $-,$(shopt -p nullglob)                % ehBE,shopt -s nullglob % 0 % succeeded
      echo "${BASH_ENV-}${caller-}$name"          % hello-1.0 % 0  % succeeded
      """;

  /** Runs each phase as a text and as a function. */
  @Test
  void runsAPhaseAsTheBuilderWould() throws Exception {
    List<String[]> rows =
        PHASES.lines().map(row -> row.split("%", -1)).map(FailureShellTest::stripped).toList();
    StringBuilder state = new StringBuilder("mkdir hello; sourceRoot=hello\n");
    for (int i = 0; i < rows.size(); i++) {
      state.append("text%1$d='%2$s'; function%1$d() { %2$s\n}\n".formatted(i, rows.get(i)[0]));
    }
    rebuilt(state.toString());
    Files.writeString(shell.resolve("facts.bash"), "export caller=1\n", StandardOpenOption.APPEND);
    for (int i = 0; i < rows.size(); i++) {
      String[] row = rows.get(i);
      for (String phase : new String[] {"text" + i, "function" + i}) {
        Bash.Result result = run("retry", phase);
        String said = result.out().latin1().replace("Running phase: " + phase + "\n", "");
        assertEquals(
            row[1].replace("PHASE", phase), said.replace(top.toString(), "TOP").strip(), row[0]);
        assertEquals(Integer.parseInt(row[2]), result.status(), row[0]);
        String end = row[3].replace("PHASE", "text" + i);
        assertTrue(phase.startsWith("f") || result.err().latin1().contains(end), row[0]);
        assertFalse(result.err().latin1().contains("run.bash"), row[0]);
      }
    }
  }

  private static String[] stripped(String[] cells) {
    return Stream.of(cells).map(String::strip).toArray(String[]::new);
  }

  @ParameterizedTest
  @MethodSource("shells")
  void theSessionSurvivesTheState(Bash bash) throws Exception {
    hooked(
        "",
        """
        exec 2>/dev/null; mkdir hello; cd hello; umask 027
        declare -r TMOUT=1 HISTFILE=/nope PS1=x locked=1
        declare -a list=(a 'b c'); declare -A map=([k]='v w'); declare -i number=3
        export PROMPT_COMMAND='exit 3' IFS=: CDPATH=/
        cd() { exit 8; }; echo() { exit 9; }; printf() { exit 10; }; test() { exit 11; }
        unset() { exit 12; }; set() { exit 13; }; trap() { exit 14; }; eval() { exit 15; }; source() { exit 16; }
        builtin set -u -x -f -C; shopt -s failglob nocasematch dotglob
        """);
    assertEquals(
        """
        TOP/hello 0027 b c v w 4 1 :
        shopt -u nullglob
        shopt -u failglob
        hiBHs
        TOP/.nix-build-shell/shell/history - hello-1.0 buildPhase:\\w\\$ - -
        TOP/hello
        traps
        again
        the end
        """,
        type(
            bash,
            """
            number+=1; e() { builtin echo "$@"; }
            e "$PWD $(umask) ${list[1]} ${map[k]} $number $locked $IFS"; builtin shopt -p nullglob failglob
            false; e "$-"; e "$HISTFILE - $PS1- ${PROMPT_COMMAND-}${TMOUT-}-"
            builtin cd . && pwd; e traps; builtin trap -p
            builtin source ../.nix-build-shell/state.bash; PROMPT_COMMAND=; false; e again
            builtin unset -f e; builtin echo the end
            """));
  }

  @ParameterizedTest
  @MethodSource("shells")
  void conditionsDoNotChangeAPhase(Bash bash) throws Exception {
    hooked("buildPhase='false; echo on'", "");
    assertEquals(
        """
        Running phase: buildPhase
        Running phase: buildPhase
        failed
        1
        """,
        type(
            bash,
            "retry || true\n"
                + "if retry; then echo passed; else echo failed; fi\n"
                + "! retry >/dev/null\n"
                + "echo $(($? + 1))"));
  }

  @Test
  void whatTheCallerChangesIsOnTopOfTheStateOfThePhasesStart() throws Exception {
    hooked(
        """
        flags=one kept='a  b' list=(1 2) gone=1
        helper() { echo "helper $1"; }
        buildPhase() { local mine=1; flags+=" more"; helper "$flags-${gone-}-${added-}-${list[*]}-$kept-${mine-}"; false; }
        """,
        "flags+=' more'; late=1");
    String run = "Running phase: buildPhase\nhelper ";
    assertEquals(
        run
            + "one more-1--1 2-a  b-1\n"
            + run
            + "one more--it's\nnew-1 2 x-a  b-1\n"
            + "Running phase: buildPhase\nmine one more 7\n"
            + "one more\n",
        type(
            BASH,
            """
            retry
            unset gone; added=$'it\\'s\\nnew'; list+=(x); IFS=:
            retry
            helper() { echo "mine ${1%%-*} $EXTRA"; }; export EXTRA=7
            retry; echo "$flags"
            """));
  }

  @Test
  void withoutTheStateOfThePhasesStartALineSaysSo() throws Exception {
    hooked("flags=one; buildPhase() { flags+=' more'; echo \"$flags\"; }", "flags+=' more'");
    assertFalse(run("retry").err().latin1().contains("counts twice"));
    Files.delete(kept.resolve("phase.bash"));
    Bash.Result result = run("retry");
    assertTrue(result.out().latin1().endsWith("one more more\n"), result.out().latin1());
    assertTrue(
        result.err().latin1().contains("x+=more counts twice, and locals have become globals"));
  }

  @Test
  void aPhaseCanBeNamedByItsBeginning() throws Exception {
    rebuilt("installPhase='mkdir $out; echo installed'");
    assertEquals("Running phase: installPhase\ninstalled\n", run("retry", "ins").out().latin1());
    Bash.Result result = run("retry", "c");
    assertEquals(2, result.status());
    assertEquals("nix-build-shell: c can be configurePhase checkPhase\n", result.err().latin1());
    result = run("retry", "nope");
    assertEquals(2, result.status());
    assertTrue(result.err().latin1().startsWith("nix-build-shell: no phase is called nope;"));
    assertEquals(2, run("retry", "--no-option").status());
  }

  @Test
  void aPhaseThatStdenvSkipsIsNoSuccess() throws Exception {
    rebuilt("checkPhase='echo checked'");
    Bash.Result result = run("retry", "checkPhase");
    assertEquals("", result.out().latin1());
    assertEquals(
        "nix-build-shell: checkPhase is skipped: doCheck is not set\n", result.err().latin1());
    assertTrue(result().contains("skipped=doCheck\\ is\\ not\\ set\n"));
    assertEquals(
        "Running phase: checkPhase\nchecked\n", type(BASH, "doCheck=1 dontBuild=1\nretry check"));
  }

  /** What passed once can fail later; and what failed can pass. */
  @Test
  void theListSaysWhatCameLast() throws Exception {
    rebuilt("buildPhase='[[ ! -e $NIX_BUILD_TOP/bad ]]'; installPhase=:; fixupPhase=:");
    String failed = "buildPhase               failed\n";
    assertEquals(0, run("retry", "buildPhase").status());
    assertFalse(run("phases").out().latin1().contains(failed));
    Files.createFile(top.resolve("bad"));
    assertEquals(1, run("retry", "buildPhase").status());
    assertTrue(run("phases").out().latin1().contains(failed));
    Files.delete(top.resolve("bad"));
    assertEquals(0, run("resume").status());
    assertEquals("", Files.readString(shell.resolve("failed")));
    assertFalse(run("phases").out().latin1().contains(failed));
  }

  @Test
  void theListSaysWhatIsDone() throws Exception {
    rebuilt("buildPhase='[[ -n ${good-} ]]' dontPatch=1");
    String list =
        """
        unpackPhase              done
        patchPhase               skipped: dontPatch is set
        configurePhase           done
        buildPhase               %s
        checkPhase               skipped: doCheck is not set
        installPhase             to come
        fixupPhase               to come
        """;
    assertEquals(list.formatted("failed"), run("phases").out().latin1());
    assertEquals(
        "Running phase: buildPhase\n"
            + list.formatted("failed")
            + "Running phase: buildPhase\n"
            + list.formatted("done"),
        type(BASH, "retry; phases; good=1; retry; phases"));
  }

  @Test
  void thePhasesOfATreeStartInAnEmptyDirectory() throws Exception {
    rebuilt(
        "prePhases=none; unpackPhase() { ! mkdir hello || cd hello; ls -A ..; }; patchPhase='pwd;"
            + " touch patched; false'");
    facts("nbsFactPhase=patchPhase nbsFactFiles=(.attrs.json)");
    Files.createDirectories(top.resolve("hello"));
    Files.writeString(top.resolve("hello/old"), "");
    Files.writeString(top.resolve(".hidden"), "");
    Files.writeString(top.resolve(".attrs.json"), "{}");
    Files.createDirectory(out);
    Bash.Result result = run("retry");
    assertEquals(1, result.status());
    assertEquals(
        "Running phase: unpackPhase\n.attrs.json\n.nix-build-shell\nenv-vars\nhello\n"
            + "Running phase: patchPhase\nTOP/hello\n",
        result.out().latin1().replace(top.toString(), "TOP"));
    assertTrue(Files.exists(kept.resolve("aside.1/hello/old")));
    assertTrue(Files.exists(kept.resolve("aside.1/.hidden")));
    assertFalse(Files.exists(out));
    assertTrue(Files.exists(out.resolveSibling(".out.1")));
    assertTrue(result.err().latin1().contains("moved " + out + " to "), result.err().latin1());
    assertTrue(result().contains("output=" + out + "\n"), result());
    run("retry");
    assertTrue(Files.exists(kept.resolve("aside.2/hello/patched")));
  }

  @Test
  void whatAPhaseBeganOfTheOutputsIsMovedAside() throws Exception {
    rebuilt("installPhase='mkdir $out; false' fixupPhase='ls -d $out'");
    facts("nbsFactPhase=installPhase nbsFactBegan=('" + out + "')");
    Files.createDirectory(out);
    assertTrue(run("retry").err().latin1().contains("moved "));
    assertTrue(run("retry").err().latin1().contains(".out.2"));
    assertFalse(run("retry", "fixupPhase").err().latin1().contains("moved"));
    assertTrue(Files.exists(out));
    run("retry", "buildPhase");
    assertTrue(Files.exists(out));
  }

  @Test
  void resumeGoesOnToTheEnd() throws Exception {
    rebuilt(
        "flags=a; buildPhase='flags+=b'; installPhase='flags+=c; echo $flags; ${ok:-false}; mkdir"
            + " $out'; fixupPhase='echo $flags'");
    facts("nbsFactChecks=(allowedReferences); nbsFactOutputs[dev]=/nonexistent-dev");
    Bash.Result result = run("resume");
    assertEquals(1, result.status());
    assertTrue(
        result()
            .startsWith(
                "phase=installPhase\n"
                    + "status=1\n"
                    + "command=\\$\\{ok:-false\\}\n"
                    + "file=installPhase\n"
                    + "line=1\n"),
        result());
    // From here on the phase that failed is the later one, with its own state.
    result = run("retry");
    assertEquals("Running phase: installPhase\nabc\n", result.out().latin1());
    assertEquals(
        "Running phase: installPhase\nabc\nRunning phase: fixupPhase\nabc\n",
        type(BASH, "ok=true; resume"));
    Files.createDirectories(out);
    facts(
        "nbsFactPhase=fixupPhase nbsFactChecks=(allowedReferences);"
            + " nbsFactOutputs[dev]=/nonexistent-dev");
    Files.delete(shell.resolve("failed"));
    result = run("resume");
    assertEquals(0, result.status());
    String said = result.err().latin1();
    assertTrue(said.contains("output out is there: " + out + "\n"), said);
    assertTrue(said.contains("output dev is missing: /nonexistent-dev\n"), said);
    assertTrue(said.contains("Nix would now check allowedReferences\n"), said);
  }

  @ParameterizedTest
  @CsvSource({
    "buildCommand='echo ran; (exit 4)', /usr/bin/bash -ec 'source $stdenv/setup; genericBuild',"
        + " ran, 4, buildCommand:1",
    "unset -f genericBuild; export own=1, /bin/sh -c 'echo $own$0; exit 5', 1sh, 5, ''",
  })
  void aBuilderWithoutPhasesRunsAgain(
      String state, String builder, String said, int status, String where) throws Exception {
    rebuilt(state);
    facts("nbsFactPhase= nbsFactBuilder=(" + builder + ")");
    Files.writeString(top.resolve("old"), "");
    Bash.Result result = run("retry");
    assertEquals(said + "\n", result.out().latin1());
    assertEquals(status, result.status());
    assertTrue(result.err().latin1().contains(where), result.err().latin1());
    assertTrue(Files.exists(kept.resolve("aside.1/old")));
    assertTrue(run("phases").err().latin1().contains("no phases"));
  }

  @ParameterizedTest
  @CsvSource({
    "buildPhase, sourceRoot=src, src",
    "buildPhase, true, only",
    "unpackPhase, sourceRoot=src, ''",
    "buildPhase, sourceRoot=src; cmakeConfigurePhase() { :; }, src/build",
    "configurePhase, sourceRoot=src; cmakeConfigurePhase() { :; }, src",
    "buildPhase, sourceRoot=src cmakeBuildDir=other; cmakeConfigurePhase() { :; }, src/other",
    "buildPhase, sourceRoot=src dontUseCmakeBuildDir=1; cmakeConfigurePhase() { :; }, src",
    "buildPhase, sourceRoot=src configurePhase=:; cmakeConfigurePhase() { :; }, src",
    "installPhase, sourceRoot=src; mesonConfigurePhase() { :; }, src/build",
    "buildPhase, sourceRoot=gone, ''",
  })
  void stdenvsRuleFindsTheDirectory(String phase, String state, String expected) throws Exception {
    rebuilt(state);
    facts("nbsFactPhase=" + phase);
    Files.createDirectory(top.resolve("only"));
    if (!expected.equals("only")) {
      Files.createDirectories(top.resolve("src/build"));
      Files.createDirectories(top.resolve("src/other"));
    }
    String directory = "TOP" + (expected.isEmpty() ? "" : "/" + expected);
    assertEquals(directory + "\n", type(BASH, "pwd"));
  }

  @Test
  void theTraceNamesFilesAndLines() throws Exception {
    rebuilt("helper() {\n  :\n  false\n}; buildPhase() { helper; }");
    String said = run("retry", "--trace").err().latin1();
    assertTrue(said.matches("(?s).*\n\\++ environment.bash:[0-9]+: helper\n.*"), said);
    assertTrue(
        said.matches("(?s).*failed with exit code 1 at .*/environment.bash:[0-9]+: false\n"), said);
    String line =
        Files.readAllLines(shell.resolve("environment.bash"))
            .get(Integer.parseInt(result().replaceAll("(?s).*\nline=([0-9]+)\n.*", "$1")) - 1);
    assertEquals("false", line.strip());
  }

  @Test
  void aNewBuildStopsBeforeAPhase() throws Exception {
    rebuilt(
        "patchPhase='touch patched; more=1'; buildPhase='echo \"$more\"; ls';"
            + " configurePhase=false");
    Files.writeString(top.resolve("old"), "");
    Bash.Result result = run("until", "conf");
    assertEquals(0, result.status(), result.err().latin1());
    assertTrue(result().startsWith("phase=configurePhase\nstatus=0\n"), result());
    assertTrue(result().contains("directory=TOP/hello-1.0\n"), result());
    facts("nbsFactState=hook nbsFactPhase=configurePhase");
    assertEquals("1\nTOP/hello-1.0\n", type(BASH, "echo $more; pwd"));
    assertEquals(1, run("retry").status());
    assertEquals(
        "Running phase: buildPhase\n1\nmain.c\npatched\n", run("retry", "build").out().latin1());
    assertEquals(2, run("until", "nope").status());
    assertEquals(1, run("until", "build").status());
    String intervals = Files.readString(kept.resolve("intervals"));
    assertTrue(intervals.matches("([0-9]+(\\.[0-9]+)? [0-9]+(\\.[0-9]+)?\n){4}"), intervals);
  }

  /** Nothing that the caller made before the first phase, or between two, is moved aside. */
  @Test
  void aNewBuildGoesOnPhaseByPhase() throws Exception {
    rebuilt(
        "phases='fetch unpackPhase patchPhase buildPhase fixupPhase'; fetch='fetched=1';"
            + " patchPhase='ls; touch patched'; buildPhase='echo $fetched $mine; [[ -e good ]]'");
    facts("nbsFactFresh=1 nbsFactPhase=");
    Files.writeString(top.resolve("mine"), "");
    String list = "%-24s %s\nunpackPhase              %s\npatchPhase               %s\n";
    String rest = "buildPhase               %s\nfixupPhase               to come\n";
    assertEquals(
        (list + rest).formatted("fetch", "to come", "to come", "to come", "to come"),
        type(BASH, "phases"));
    assertEquals("TOP\nRunning phase: fetch\n", type(BASH, "pwd; retry"));
    Bash.Result result = run("retry");
    assertEquals("Running phase: unpackPhase\n", result.out().latin1());
    assertEquals(
        "nix-build-shell: unpackPhase succeeded\n"
            + "nix-build-shell: patchPhase is next, in TOP/hello-1.0\n",
        result.err().latin1().replace(top.toString(), "TOP"));
    Files.writeString(top.resolve("hello-1.0/edited"), "");
    assertEquals(
        "Running phase: patchPhase\nedited\nmain.c\nRunning phase: buildPhase\n1 2\n"
            + (list + rest).formatted("fetch", "done", "done", "done", "failed"),
        type(BASH, "mine=2; resume; phases"));
    Files.writeString(top.resolve("hello-1.0/good"), "");
    assertEquals("Running phase: buildPhase\n1 2\n", run("retry").out().latin1());
    assertEquals("Running phase: fixupPhase\n", run("resume").out().latin1());
    assertTrue(Files.exists(top.resolve("mine")));
    assertFalse(Files.exists(kept.resolve("aside.1")));
    // From the beginning, once more.
    assertEquals("Running phase: fetch\n", run("retry").out().latin1());
    assertTrue(Files.exists(kept.resolve("aside.1/mine")));
  }

  @Test
  void aNewBuildStopsAtAFailureBeforeThePhase() throws Exception {
    rebuilt("patchPhase() { local f=2; more=1; mkdir d; cd d; (exit 4); }");
    assertEquals(4, run("until", "buildPhase").status());
    assertTrue(result().startsWith("phase=patchPhase\nstatus=4\n"), result());
    assertTrue(result().contains("directory=TOP/hello-1.0/d\n"), result());
    facts("nbsFactState=hook nbsFactPhase=patchPhase nbsFactDirectory=" + top + "/hello-1.0/d");
    assertEquals("1 2 TOP/hello-1.0/d\n", type(BASH, "echo $more $f $PWD"));
    assertTrue(Files.exists(kept.resolve("phase.bash")));
  }

  @Test
  void aKeptEnvVarsGetsTheFunctionsOfSetup() throws Exception {
    Files.createDirectory(scratch.resolve("stdenv"));
    Files.writeString(
        scratch.resolve("stdenv/setup"),
        "SHELL=/usr/bin/bash initialPath=/usr hooks=(a 'b c') HOME=$NIX_BUILD_TOP/home exported+='"
            + " twice'\n"
            + Files.readString(Path.of(SETUP))
            + "\ntouch $NIX_BUILD_TOP/made\n");
    Files.writeString(
        top.resolve("env-vars"),
        """
        declare -x NIX_BUILD_TOP="%1$s"
        declare -x TMPDIR="%1$s"
        declare -x PWD="%1$s/hello"
        declare -x PATH="/usr/bin:/bin"
        declare -x exported="once"
        declare -x stdenv="%2$s/stdenv"
        declare -x buildPhase="echo \\$exported \\$HOME \\$PWD \\${hooks[1]}; runHook hook; false"
        """
            .formatted(top, scratch));
    Files.createDirectory(top.resolve("hello"));
    facts("nbsFactState=envvars");
    Bash.Result result = run("retry");
    assertEquals(
        "Running phase: buildPhase\nonce TOP/home TOP/hello b c\n",
        result.out().latin1().replace(top.toString(), "TOP"));
    assertEquals(1, result.status());
    assertFalse(Files.exists(top.resolve("made")));
    // Structured attributes are not exported.
    Files.delete(shell.resolve("environment.bash"));
    Path variables = top.resolve("env-vars");
    Files.writeString(variables, Files.readString(variables).replaceAll("declare -x stdenv.*", ""));
    Files.writeString(top.resolve(".attrs.sh"), "stdenv='" + scratch + "/stdenv'\n");
    facts("nbsFactState=envvars nbsFactStructured=1");
    assertEquals("TOP/hello once b c\n", type(BASH, "echo $PWD $exported ${hooks[1]}"));
  }
}
