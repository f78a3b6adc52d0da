package nixbuildshell.capture;

import static nixbuildshell.store.TestStore.whole;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.store.Derivation;
import nixbuildshell.store.Derivation.Output;
import nixbuildshell.store.DerivationInputs;
import nixbuildshell.store.StoreDirectory;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.TestStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StructuredAttributesTest {
  private static final StorePath OUT = TestStore.path("aa", "probe-1.0");

  static Derivation derivation(Map<String, String> variables) {
    Map<ByteString, ByteString> environment = new java.util.LinkedHashMap<>();
    variables.forEach((name, value) -> environment.put(ByteString.of(name), ByteString.of(value)));
    return new Derivation(
        StoreDirectory.DEFAULT,
        Map.of("out", new Output(Optional.of(OUT), ByteString.EMPTY, ByteString.EMPTY)),
        DerivationInputs.NONE,
        ByteString.of("x86_64-linux"),
        ByteString.of(TestStore.SHELL),
        List.of(),
        environment);
  }

  private static List<BuilderFile> files(String json) {
    return BuilderFile.of(derivation(Map.of("__json", json)));
  }

  private static final String OUTPUTS = "declare -A outputs=(['out']='" + whole(OUT) + "' )\n";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '#',
      value = {
        "\"a'b\\n\" | declare x='a'\\''b\\n'",
        "null | declare x=''",
        "true | declare x=1",
        "false | declare x=",
        "[] | declare -a x=()",
        "[\"a b\",1,null,true,false] | declare -a x=('a b' 1 '' 1  )",
        "[\"a\",[]] | ##",
        "[1.5] | ##",
        "{} | declare -A x=()",
        "{\"b c\":\"'\",\"a\":2} | declare -A x=(['a']=2 ['b c']=''\\''' )",
        "{\"a\":{}} | ##",
        "1.5 | ##",
      })
  void bashGetsWhatItCanHold(String value, String declaration) {
    String line = declaration.replace("\\n", "\n");
    assertEquals(
        OUTPUTS + (line.isEmpty() ? "" : line + "\n"),
        files("{\"x\":" + value + "}").get(0).content().orElseThrow().latin1());
  }

  @ParameterizedTest
  @ValueSource(strings = {"a-b", "1a", "a.b", "", "é"})
  void whatIsNoNameOfAVariableIsLeftOut(String name) {
    assertEquals(OUTPUTS, files("{\"" + name + "\":1}").get(0).content().orElseThrow().latin1());
  }

  @Test
  void theJsonIsSortedAndHasPathsForPlaceholders() {
    String placeholder = Derivation.placeholder("out");
    assertEquals(
        "{\"Z\":\"\\u0001\\b\\f\\n\\r\\t\\\"\\\\/\u007fé𝄞\",\"a\":[1.0,{}],\"o\":\""
            + whole(OUT)
            + "/x\",\"outputs\":{\"out\":\""
            + whole(OUT)
            + "\"}}",
        new String(
            files(
                    " {\"o\": \""
                        + placeholder
                        + "/x\", \"a\": [ 1.0, {}],\"outputs\":[\"out\"],\"Z\":\"\\u0001\\b\\f\\n"
                        + "\\r"
                        + "\\t\\\"\\\\\\/\\u007f\\u00e9\\ud834\\udd1e\"}")
                .get(1)
                .content()
                .orElseThrow()
                .bytes(),
            java.nio.charset.StandardCharsets.UTF_8));
  }

  @Test
  void theLastValueOfARepeatedNameCounts() {
    assertEquals(
        OUTPUTS + "declare x=2\n",
        files("{\"x\":1,\"x\":2}").get(0).content().orElseThrow().latin1());
  }

  @Test
  void graphsOfReferencesAreSaidToBeMissing() {
    assertEquals(
        "the path infos of exportReferencesGraph: a, b",
        files("{\"exportReferencesGraph\":{\"b\":[],\"a\":[]}}").get(1).lacks());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "[]", "7", "{", "{} x", "{\"a\":NaN}", "{'a':1}", "{\"a\":\"\\ud834\"}"})
  void whatNixWouldNotBuildGivesNothing(String json) {
    assertEquals(List.of(), files(json));
  }

  @Test
  void valuesThatPassAsFileNamesAreFiles() {
    List<BuilderFile> files =
        BuilderFile.of(
            derivation(
                Map.of(
                    "passAsFile",
                    "text  text none\nempty",
                    "text",
                    "one\n" + Derivation.placeholder("out") + "\n\n",
                    "empty",
                    "")));
    assertEquals(
        Set.of(
            new BuilderFile(
                ".attr-1lf969yddshzhld7sr1vbagr07bnygg99lgl6gk5kxcnp4z9wbcq",
                Optional.of(ByteString.of("one\n" + whole(OUT) + "\n\n")),
                ""),
            new BuilderFile(
                BuilderFile.nameOf(ByteString.of("empty")), Optional.of(ByteString.EMPTY), "")),
        Set.copyOf(files));
  }
}
