package nixbuildshell.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PhaseResultTest {
  private static PhaseResult parse(String text) {
    return PhaseResult.parse(new ByteString(text));
  }

  @Test
  void everyFieldIsRead() {
    PhaseResult result =
        parse(
            "phase=buildPhase\nstatus=2\ncommand=make\\ -j\\ 2\nfile=/build/x\nline=12\n"
                + "directory=$'/build/\\303\\274'\nskipped=''\noutput=/a\noutput=/b\n");
    assertEquals(Optional.of(ByteString.of("buildPhase")), result.phase());
    assertEquals(Optional.of(ByteString.of("make -j 2")), result.command());
    assertEquals(Optional.of(12), result.line());
    assertEquals(Optional.of(ByteString.of("/build/ü")), result.directory());
    assertEquals(Optional.empty(), result.skipped());
    assertEquals(List.of(ByteString.of("/a"), ByteString.of("/b")), result.movedAside());
    assertEquals(
        Optional.of(ByteString.of("doCheck is not set")),
        parse("skipped=doCheck\\ is\\ not\\ set\n").skipped());
  }

  /** The build could have written the file. */
  @Test
  void aHostileFileIsOnlyData() {
    PhaseResult result =
        parse("line=-1\nline\n=x\nphase=$(touch /tmp/x)`y`\ncommand=$'\ndirectory='a\nskipped=");
    assertEquals(Optional.empty(), result.line());
    assertEquals(Optional.of(ByteString.of("$(touch")), result.phase());
    assertEquals(Optional.empty(), result.command());
    assertEquals(Optional.of(ByteString.of("a")), result.directory());
    assertEquals(Optional.empty(), parse("line=99999999999\n").line());
    assertEquals(Optional.empty(), parse("").phase());
  }

  /** What bash quotes is read back, byte for byte. */
  @ParameterizedTest
  @ValueSource(strings = {"bash", "bash-static"})
  void wordsAreThoseThatBashQuotes(String bash) throws IOException {
    List<String> words =
        List.of(
            "", "a b", "'\"$`\\", "\n\t\r\u0001\u001b\u007f", "\u00c3\u00bc\u00ff", "~#!*?[]{}");
    ProcessBuilder quoting =
        new ProcessBuilder("env", "LC_ALL=C", bash, "-c", "printf '%q\\n' \"$@\"", "bash");
    words.forEach(word -> quoting.command().add(octal(word)));
    quoting
        .command()
        .set(4, "for each; do printf -v each %b \"$each\"; printf '%q\\n' \"$each\"; done");
    List<String> quoted =
        new String(quoting.start().getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1)
            .lines()
            .toList();
    assertEquals(words.size(), quoted.size());
    for (int i = 0; i < words.size(); i++) {
      assertEquals(List.of(new ByteString(words.get(i))), PhaseResult.words(quoted.get(i)));
    }
  }

  private static String octal(String bytes) {
    return bytes.chars().mapToObj(c -> String.format("\\0%03o", c)).collect(Collectors.joining());
  }

  /** The schema and the report have the same fields, and each has the type that the schema says. */
  @Test
  void theReportIsAsItsSchemaSays() throws IOException {
    String schema = Files.readString(Path.of("docs/retry.schema.json"));
    String json =
        parse("phase=a\\\"b\nline=3\n").json(2, List.of(new ByteString("\u00ff\u001b"))).latin1();
    assertEquals(names(schema.substring(schema.indexOf("\"properties\"") + 14)), names(json));
    assertEquals(
        "{\"command\":null,\"directory\":null,\"file\":null,\"line\":3,"
            + "\"log\":[\"\u00ef\u00bf\u00bd\\u001b\"],\"movedAside\":[],\"phase\":\"a\\\"b\","
            + "\"skipped\":null,\"status\":2}\n",
        json);
  }

  private static TreeSet<String> names(String json) {
    return Pattern.compile("\"([a-zA-Z]+)\" ?: ?(?!\\{\\n)")
        .matcher(json.replaceAll("\"(type|items|description|minimum|maximum)\": ?", ""))
        .results()
        .map(found -> found.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
