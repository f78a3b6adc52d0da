package nixbuildshell.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.console.ExitCode;
import nixbuildshell.nix.Caller;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MainTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String... words) {
    List<ByteString> arguments = Stream.of(words).map(ByteString::of).toList();
    Caller caller = Caller.of(Map.of(), Set.of(), Path.of("/nonexistent"), 1000, 100, 0);
    return new Main(caller, new PrintStream(out, true), new PrintStream(err, true)).run(arguments);
  }

  @Test
  void helpGoesToStdout() {
    assertEquals(0, run("--help"));
    assertTrue(out.toString().contains("--sandbox-path"), out.toString());
    assertEquals("", err.toString());
  }

  @Test
  void theVersionNamesTheJava() {
    assertEquals(0, run("-v", "--version"));
    String java = "(Java " + Runtime.version().feature() + ", ";
    assertTrue(out.toString().matches("(?s)nix-build-shell \\(not packaged\\) .*"), out.toString());
    assertTrue(out.toString().contains(java), out.toString());
    assertEquals("", err.toString());
  }

  @Test
  void aWrongCommandLineIsOneLineOnStderr() {
    assertEquals(ExitCode.USAGE, run("--nonsense\u00e9\n", "D"));
    assertEquals("", out.toString());
    assertTrue(err.toString().startsWith("nix-build-shell: cannot read the command line: "));
    assertTrue(err.toString().contains("'--nonsense\u00e9\\n'"), err.toString());
    assertEquals(1, err.toString().lines().count());
  }

  @ParameterizedTest
  @CsvSource({
    "'D --network none true', 'nix-build-shell --network none D true'",
    "'-v D --drv=x --explain -vv true -x', 'nix-build-shell --drv=x --explain -vv D true -x'",
    "'D --drv', nix-build-shell --help",
    "'D -c true', nix-build-shell --help",
    "'D -- --sandbox-path=/x', 'nix-build-shell --sandbox-path=/x D'",
    "'D --verbose -c true', 'nix-build-shell --verbose D -c true'",
  })
  void anOptionAfterTheDirectoryIsRefused(String line, String meant) {
    assertEquals(ExitCode.USAGE, run(line.split(" ")));
    assertTrue(
        err.toString().contains("options stand before DIR. Try: " + meant + "\n"), err::toString);
    assertEquals(1, err.toString().lines().count());
  }

  @ParameterizedTest
  @CsvSource({
    "--netwrk, '--network, if that is meant'",
    "--newtork=none, '--network, if that is meant'",
    "--explian, '--explain, if that is meant'",
    "--sandbox, '--sandbox-path, if that is meant'",
    "--ver, '--verbose, if that is meant'",
    "--dvr, '--drv, if that is meant'",
    "--keep-failed, nix-build-shell --help",
    "--x, nix-build-shell --help",
    "-x, nix-build-shell --help",
  })
  void anUnknownOptionMayBeMeantForAnother(String word, String meant) {
    assertEquals(ExitCode.USAGE, run(word, "D"));
    assertTrue(err.toString().contains(". Try: " + meant), err::toString);
  }

  /** Loading picocli would delay the prompt. */
  @Test
  void thePlainFormLoadsNoPicocli() throws IOException, InterruptedException {
    String plain = classesOf("-v", "--work-dir=/nonexistent", "/nonexistent", "true");
    assertTrue(plain.contains("nixbuildshell.enter.Enter "), plain);
    assertEquals(List.of(), plain.lines().filter(line -> line.contains("picocli")).toList());
    assertTrue(classesOf("--version").contains("picocli"));
  }

  private static String classesOf(String... words) throws IOException, InterruptedException {
    Path java = Path.of(System.getProperty("java.home"), "bin/java");
    Stream<String> start =
        Stream.of(
            java.toString(), "-Xlog:class+load", "-cp", System.getProperty("java.class.path"));
    Process process =
        new ProcessBuilder(
                Stream.of(start, Stream.of(Main.class.getName()), Stream.of(words))
                    .flatMap(all -> all)
                    .toList())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    process.getOutputStream().close();
    String classes =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    process.waitFor();
    return classes;
  }
}
