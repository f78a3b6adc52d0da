package nixbuildshell.capture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares the parser with a real bash. */
class EnvVarsTest {

  @TempDir Path directory;

  static Stream<Arguments> declarations() {
    return Stream.of(
        Arguments.of("", Map.of()),
        Arguments.of("declare -x A=\"b\"\n", Map.of("A", "b")),
        Arguments.of("declare -x A=\"b\"", Map.of("A", "b")),
        Arguments.of("export A=\"b\"\nexport C=\"\"\n", Map.of("A", "b", "C", "")),
        Arguments.of("declare -x OLDPWD\ndeclare -x A=\"b\"\n", Map.of("A", "b")),
        Arguments.of("declare -x A=\"b\"\ndeclare -x A\n", Map.of("A", "b")),
        Arguments.of("declare -x A=\"b\"\ndeclare -x A=\"c\"\n", Map.of("A", "c")),
        Arguments.of("declare -rx A=\"b\"\ndeclare -ix B=\"5\"\n", Map.of("A", "b", "B", "5")),
        Arguments.of("declare -x A=\"\\\"\\\\\\$\\`\\n\"\n", Map.of("A", "\"\\$`\\n")),
        Arguments.of(
            "declare -x A=\"b\ndeclare -x C=\\\"\n\"\n", Map.of("A", "b\ndeclare -x C=\"\n")),
        Arguments.of("declare -x A=\"b\\\nc\"\n", Map.of("A", "bc")),
        Arguments.of("declare -x A=$'a\\'b\\nc\"d'\n", Map.of("A", "a'b\nc\"d")),
        Arguments.of(
            "declare -x A=$'\\a\\b\\E\\f\\n\\r\\t\\v\\\\\\'\"?'\n",
            Map.of("A", "\u0007\b\u001b\f\n\r\t\u000b\\'\"?")),
        Arguments.of("declare -x A=$'\\001\\1234\\377'\n", Map.of("A", "\1S4\377")),
        Arguments.of("declare -x A=\"\u00ff\u00fe\"\n", Map.of("A", "\u00ff\u00fe")),
        Arguments.of("declare -ax A=([0]=\"x)\" [1]=$'y\\'')\nexport B=\"c\"\n", Map.of("B", "c")),
        Arguments.of("declare -Ax A=([\"k )\"]=\"x\" )\nexport B=\"c\"\n", Map.of("B", "c")),
        Arguments.of("declare -ax A\n", Map.of()),
        Arguments.of("export -a A=([0]=\"x\")\nexport -r B=\"c\"\n", Map.of("B", "c")),
        Arguments.of(
            "declare -x BASH_FUNC_f%%=\"() {  :\n}\"\n", Map.of("BASH_FUNC_f%%", "() {  :\n}")));
  }

  @ParameterizedTest
  @MethodSource("declarations")
  void readsWhatBashWrites(String text, Map<String, String> expected) throws Exception {
    Map<String, String> values = new LinkedHashMap<>();
    parse(text).values().forEach((name, value) -> values.put(name, value.latin1()));
    assertEquals(expected, values);
  }

  @Test
  void keepsTheOrderOfTheFile() throws Exception {
    assertEquals(
        List.of("b", "a", "c"),
        List.copyOf(parse("export b=\"\"\nexport a=\"\"\nexport c=\"\"\n").values().keySet()));
    assertEquals(Optional.empty(), parse("export b\n").get("b"));
  }

  static Stream<Arguments> malformed() {
    String unknown = "neither 'declare -x NAME' nor 'export NAME'";
    return Stream.of(
        Arguments.of("hello", "line 1: " + unknown),
        Arguments.of("\0", "line 1: " + unknown),
        Arguments.of("declare -x A=\"b\n\"\nrm -rf /\n", "line 3: " + unknown),
        Arguments.of("declare -x\n", "line 1: " + unknown),
        Arguments.of("declare -x 1A=\"b\"\n", "line 1: " + unknown),
        Arguments.of("declare -x A-B=\"b\"\n", "line 1: " + unknown),
        Arguments.of("declare -x A+=\"b\"\n", "line 1: " + unknown),
        Arguments.of("A=\"b\"\n", "line 1: " + unknown),
        Arguments.of("\ndeclare -x A=\"b\n\n", "line 2: the \"…\" that begins here has no end"),
        Arguments.of("declare -x A=\"b\\", "line 1: the \"…\" that begins here has no end"),
        Arguments.of(
            "export A=$'b\\'\n",
            "line 1: the $'…' that begins here has no end or an unknown escape"),
        Arguments.of(
            "export A=$'\0'\n",
            "line 1: the $'…' that begins here has no end or an unknown escape"),
        Arguments.of("export A=\"$(id)\"\n", "line 1: an expansion or a NUL in a value"),
        Arguments.of("export A=\"\n`id`\"\n", "line 2: an expansion or a NUL in a value"),
        Arguments.of("export A=\"\0\"\n", "line 1: an expansion or a NUL in a value"),
        Arguments.of("export A=b\n", "line 1: a value that is neither \"…\" nor $'…'"),
        Arguments.of("export A=", "line 1: a value that is neither \"…\" nor $'…'"),
        Arguments.of("export A=(\"b\")\n", "line 1: a value that is neither \"…\" nor $'…'"),
        Arguments.of("export A=\"b\" C=\"d\"\n", "line 1: something after the value"),
        Arguments.of("export A=\"b\";id\n", "line 1: something after the value"),
        Arguments.of("declare -ax A=(\n", "line 1: the array that begins here has no end"),
        Arguments.of("declare -ax A=($x)\n", "line 1: a value that is neither \"…\" nor $'…'"));
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void saysWhatIsWrongAndInWhichLine(String text, String reason) {
    assertEquals(reason, assertThrows(Malformed.class, () -> parse(text)).getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "x41", "x{41}", "u41", "U1f600", "e", "\"", "?", "cA", "c?", "q", "1", "12", "18",
        "128", "000", "400", "\n"
      })
  void refusesAnEscapeThatBashNeverWrites(String escape) {
    for (String end : List.of("'\n", "")) {
      assertEquals(
          "line 1: the $'…' that begins here has no end or an unknown escape",
          assertThrows(Malformed.class, () -> parse("export A=$'\\" + escape + end)).getMessage());
    }
  }

  static Stream<Bash> shells() {
    return Stream.of("/usr/bin/bash", "/usr/bin/bash-static")
        .flatMap(program -> Stream.of("", "C.UTF-8").map(locale -> new Bash(program, locale)));
  }

  /** Lets bash export random bytes, in its usual and in posix mode. */
  @ParameterizedTest
  @MethodSource("shells")
  void agreesWithBashOnWhatItExports(Bash bash) throws Exception {
    Random random = new Random(7);
    StringBuilder script = new StringBuilder();
    for (int n = 0; n < 300; n++) {
      script.append("export v").append(n).append("=$'").append(octal(random)).append("'\n");
    }
    script.append("f() { echo \"$1\"; }; export -f f; declare -x unset; declare -rx ro=\"x\ny\"\n");
    script.append("declare -ax array=([0]=\"a)\" [5]=$'\\n')\n");
    Path exported = directory.resolve("exported");
    Files.writeString(exported, script);
    for (String mode : List.of("", "set -o posix;", "export() { declare -x; };")) {
      Bash.Result result =
          bash.run(
              "source \"$1\";" + mode + " export > \"$2\"; exec /usr/bin/env -0",
              exported.toString(),
              directory.resolve("env-vars").toString());
      assertEquals("", result.err().latin1());
      Map<String, ByteString> truth = result.variables();
      truth.keySet().removeIf(name -> name.equals("_") || name.startsWith("BASH_FUNC_"));
      Map<String, ByteString> parsed =
          new LinkedHashMap<>(
              EnvVars.parse(Files.readAllBytes(directory.resolve("env-vars"))).values());
      // Bash counts SHLVL down at exec.
      truth.remove("SHLVL");
      parsed.remove("SHLVL");
      assertEquals(301 + (bash.locale().isEmpty() ? 1 : 2), parsed.size());
      assertEquals(truth, parsed);
    }
  }

  private static String octal(Random random) {
    StringBuilder text = new StringBuilder();
    for (int length = random.nextInt(12); length > 0; length--) {
      int next = random.nextBoolean() ? "\"\\$`'\n! \t=(".charAt(random.nextInt(11)) : 0;
      text.append(String.format("\\%03o", next != 0 ? next : 1 + random.nextInt(255)));
    }
    return text.toString();
  }

  /** What the parser accepts must mean the same to a bash that sources the file. */
  @Test
  void agreesWithBashOnWhatItTakes() throws Exception {
    Random random = new Random(11);
    String alphabet = "\\\\\\\\\\\"'$`\nabcefnrtvxuUE01789?{ =()\u00e9";
    Map<String, ByteString> parsed = new LinkedHashMap<>();
    StringBuilder file = new StringBuilder();
    for (int n = 0; n < 20_000; n++) {
      StringBuilder line = new StringBuilder("declare -x v" + n + "=");
      line.append(random.nextBoolean() ? "\"" : "$'");
      for (int length = random.nextInt(10); length > 0; length--) {
        line.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      line.append(line.indexOf("\"") > 0 && random.nextInt(8) > 0 ? '"' : '\'').append('\n');
      try {
        parsed.putAll(parse(line.toString()).values());
        file.append(line);
      } catch (Malformed e) {
        // Bash writes no such line.
      }
    }
    assertTrue(parsed.size() > 2000, "only " + parsed.size());
    Path path = directory.resolve("env-vars");
    Files.write(path, new ByteString(file.toString()).bytes());
    Bash.Result result =
        new Bash("/usr/bin/bash", "C.UTF-8")
            .run("source \"$1\"; exec /usr/bin/env -0", path.toString());
    assertEquals("", result.err().latin1());
    Map<String, ByteString> truth = result.variables();
    List<String> wrong = new ArrayList<>();
    parsed.forEach(
        (name, value) -> {
          if (!value.equals(truth.get(name))) {
            wrong.add(name + ": " + value + " is to bash " + truth.get(name));
          }
        });
    assertEquals(List.of(), wrong.subList(0, Math.min(wrong.size(), 5)));
  }

  /** A file of an attacker can cause an error message, no more. */
  @Test
  void endsWithAReasonAtWorst() {
    Random random = new Random(13);
    String good =
        "declare -ax A=([0]=\"x\")\nexport B=$'\\x41\\u20ac\\''\ndeclare -x C=\"d\\\"\n\"\n";
    for (int n = 0; n < 20_000; n++) {
      StringBuilder text = new StringBuilder(good);
      for (int changes = random.nextInt(4); changes >= 0; changes--) {
        text.setCharAt(random.nextInt(text.length()), (char) random.nextInt(256));
      }
      text.setLength(random.nextInt(text.length() + 1));
      try {
        parse(text.toString());
      } catch (Malformed e) {
        assertTrue(e.getMessage().startsWith("line "), e.getMessage());
      }
    }
  }

  @Test
  void takesTimeInProportionToTheFile() {
    List<String> starts = List.of("", "export A=\"", "export A=$'", "declare -ax A=(", "export ");
    List<String> units =
        List.of("export A=\"\"\n", "export A\n", "\n", "declare -ax A=()\n", "\\", "a", "(", "$'");
    for (String start : starts) {
      for (String unit : units) {
        String text = start + unit.repeat((4 << 20) / unit.length());
        assertTimeout(
            Duration.ofMinutes(1),
            () -> {
              try {
                parse(text);
              } catch (Malformed e) {
                // Only the time matters.
              }
            });
      }
    }
  }

  /** Of 100,000 variables bash takes 3 minutes. */
  @Test
  void thereIsAMostOfVariables() throws Malformed {
    String line = "declare -x A\n";
    parse(line.repeat(10_000));
    String reason = assertThrows(Malformed.class, () -> parse(line.repeat(10_001))).getMessage();
    assertEquals(
        "line 10001: more than 10000 variables, for which bash would take minutes", reason);
  }

  private static EnvVars parse(String latin1) throws Malformed {
    return EnvVars.parse(new ByteString(latin1).bytes());
  }
}
