package nixbuildshell.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;
import nixbuildshell.store.Derivation.Output;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class DerivationParserTest {
  private static final String S = "/nix/store/";

  private static final String INPUT = S + "89x0igcrwfwm41wfxs0d0r1jajiz806j-x.drv";

  /** Holds what Nix 2.8 wrote, with an input derivation added. */
  private static final String PROBE =
      """
      Derive([("dev","S/j71ca41v9nm1sxli7810cxvcs52yg8f0-probe-1.0-dev","",""),\
      ("out","S/cxj825f4127g38ii04r60cg4sl7x1wb9-probe-1.0","","")],\
      [("S/89x0igcrwfwm41wfxs0d0r1jajiz806j-x.drv",["dev","out"])],\
      ["S/93hswik0brc6ppfajxk7zb4h1hkh5cb6-busybox"],\
      "x86_64-linux","S/wjy2msil2glkjpnpjwipz62bw87fy4ni-bash-static",["-c","a\\nb\\t\\r\\\\\\"$"],\
      [("name","probe-1.0"),("empty",""),("weird","a'b\\nc\\"d\u00ff")])\
      """
          .replace("S/", S);

  @Test
  void readsAWholeDerivation() throws Malformed {
    Map<String, Output> outputs = new LinkedHashMap<>();
    outputs.put("dev", output("j71ca41v9nm1sxli7810cxvcs52yg8f0-probe-1.0-dev", "", ""));
    outputs.put("out", output("cxj825f4127g38ii04r60cg4sl7x1wb9-probe-1.0", "", ""));
    Map<ByteString, ByteString> environment = new LinkedHashMap<>();
    environment.put(ByteString.of("name"), ByteString.of("probe-1.0"));
    environment.put(ByteString.of("empty"), ByteString.EMPTY);
    environment.put(ByteString.of("weird"), new ByteString("a'b\nc\"d\u00ff"));
    Derivation derivation = parse(PROBE);
    assertEquals(
        new Derivation(
            StoreDirectory.DEFAULT,
            outputs,
            new DerivationInputs(
                StoreDirectory.DEFAULT,
                ByteString.of(
                    ("[(\"S/89x0igcrwfwm41wfxs0d0r1jajiz806j-x.drv\",[\"dev\",\"out\"])],"
                            + "[\"S/93hswik0brc6ppfajxk7zb4h1hkh5cb6-busybox\"]")
                        .replace("S/", S)),
                0),
            ByteString.of("x86_64-linux"),
            ByteString.of(S + "wjy2msil2glkjpnpjwipz62bw87fy4ni-bash-static"),
            List.of(ByteString.of("-c"), ByteString.of("a\nb\t\r\\\"$")),
            environment),
        derivation);
    assertEquals(List.copyOf(environment.keySet()), List.copyOf(derivation.environment().keySet()));
    assertEquals(List.of("dev", "out"), List.copyOf(derivation.outputs().keySet()));
    assertFalse(derivation.isFixedOutput());
    assertEquals(
        new DerivationInputs.Parsed(
            Map.of(
                StorePath.ofBaseName("89x0igcrwfwm41wfxs0d0r1jajiz806j-x.drv"),
                List.of("dev", "out")),
            false,
            Set.of(StorePath.ofBaseName("93hswik0brc6ppfajxk7zb4h1hkh5cb6-busybox"))),
        derivation.inputs().parse());
    assertTrue(derivation.inputs().hasDerivations());
  }

  private static Output output(String path, String algorithm, String hash) throws Malformed {
    return new Output(
        path.isEmpty() ? Optional.empty() : Optional.of(StorePath.ofBaseName(path)),
        ByteString.of(algorithm),
        ByteString.of(hash));
  }

  static Stream<Arguments> outputs() {
    String path = S + "cxj825f4127g38ii04r60cg4sl7x1wb9-x";
    return Stream.of(
        Arguments.of("(\"out\",\"" + path + "\",\"\",\"\")", false, 1),
        Arguments.of("(\"out\",\"" + path + "\",\"sha256\",\"ab\")", true, 1),
        Arguments.of("(\"out\",\"" + path + "\",\"r:sha256\",\"ab\")", true, 1),
        Arguments.of("(\"out\",\"\",\"r:sha256\",\"\")", false, 0),
        Arguments.of("(\"out\",\"\",\"r:sha256\",\"impure\")", false, 0),
        Arguments.of("(\"dev\",\"" + path + "\",\"sha256\",\"ab\")", false, 1),
        Arguments.of(
            "(\"dev\",\"" + path + "\",\"\",\"\"),(\"out\",\"" + path + "\",\"sha256\",\"ab\")",
            false,
            2));
  }

  @ParameterizedTest
  @MethodSource("outputs")
  void knowsAFixedOutput(String outputs, boolean fixed, int known) throws Malformed {
    Derivation derivation = parse("Derive([" + outputs + "],[],[],\"s\",\"b\",[],[])");
    assertEquals(fixed, derivation.isFixedOutput());
    assertEquals(known, derivation.outputPaths().size());
  }

  @Test
  void readsDynamicDerivations() throws Malformed {
    String nested = "[(\"generated\",([\"a]\\\"\\\\\"],[(\"[(\",([\")\"],[]))]))]";
    for (String more : List.of("[]", nested)) {
      String lists = "[(\"" + INPUT + "\",([\"out\"]," + more + "))],[]";
      DerivationInputs inputs =
          parse("DrvWithVersion(\"xp-dyn-drv\",[]," + lists + ",\"s\",\"b\",[],[])").inputs();
      assertEquals(lists, inputs.lists().latin1());
      assertEquals(
          new DerivationInputs.Parsed(
              Map.of(StoreDirectory.DEFAULT.parse(ByteString.of(INPUT)), List.of("out")),
              more.equals(nested),
              Set.of()),
          inputs.parse());
    }
    int deep = 1_000_000;
    assertThrows(
        Malformed.class,
        () ->
            parse("DrvWithVersion(\"xp-dyn-drv\",[],[(\"" + INPUT + "\",([]," + "[".repeat(deep)));
    String list = "[".repeat(deep) + "]".repeat(deep);
    assertTrue(inputs("[(\"" + INPUT + "\",([]," + list + "))],[]").parse().dynamic());
  }

  /** Returns the inputs of a derivation that has these lists. */
  private static DerivationInputs inputs(String lists) throws Malformed {
    Derivation derivation =
        parse("Derive([]," + lists + ",\"system\",\"b\",[],[(\"name\",\"value\")])");
    assertEquals(ByteString.of("system"), derivation.system());
    assertEquals(Map.of(ByteString.of("name"), ByteString.of("value")), derivation.environment());
    assertEquals(lists, derivation.inputs().lists().latin1());
    return derivation.inputs();
  }

  @Test
  void anEscapedPathIsTheSamePath() throws Malformed {
    assertEquals(
        inputs("[],[\"" + INPUT + "\"]").parse(),
        inputs("[],[\"" + INPUT.replace("-", "\\-") + "\"]").parse());
    assertFalse(inputs("[],[\"" + INPUT + "\"]").hasDerivations());
  }

  @Test
  void whereTheListsStandDoesNotMakeThemOthers() {
    ByteString lists = ByteString.of("[],[\"" + INPUT + "\"]");
    DerivationInputs inputs = new DerivationInputs(StoreDirectory.DEFAULT, lists, 0);
    DerivationInputs later = new DerivationInputs(StoreDirectory.DEFAULT, lists, 9);
    assertEquals(inputs, later);
    assertEquals(inputs.hashCode(), later.hashCode());
    assertNotEquals(DerivationInputs.NONE, inputs);
    assertNotEquals(new DerivationInputs(new StoreDirectory("/s"), lists, 0), inputs);
  }

  static Stream<Arguments> malformedInputs() {
    String start = "[(\"" + INPUT + "\",";
    return Stream.of(
        Arguments.of("[],[\"a\"]", "byte 17: 'a' is no store path (it is not absolute)"),
        Arguments.of(start + "\"out\")],[]", "byte 64: expected '['"),
        Arguments.of(start + "([],\"\"))],[]", "byte 68: expected '['"),
        Arguments.of(start + "([],[]),[])],[]", "byte 71: expected ')'"),
        Arguments.of(start + "[],[])],[]", "byte 66: expected ')'"),
        Arguments.of(start + "[,])],[]", "byte 65: expected '\"'"),
        Arguments.of(start + "[\"a/b\"])],[]", "byte 71: 'a/b' is no name of an output"),
        Arguments.of("[,],[]", "byte 11: expected '('"),
        Arguments.of("[),[]", "byte 11: expected '('"),
        Arguments.of("[],[\"" + INPUT + "\"\"" + INPUT + "\"]", "byte 65: expected ','"),
        Arguments.of("[],[\"" + INPUT + "\",]", "byte 66: expected '\"'"),
        // Brackets and ends of lists in strings, behind escapes of quotes and of backslashes.
        Arguments.of("[],[\"]\"]", "byte 17: ']' is no store path (it is not absolute)"),
        Arguments.of("[],[\"\\\"],\"]", "byte 20: '\"],' is no store path (it is not absolute)"),
        Arguments.of("[],[\"x\\\\\"]", "byte 19: 'x\\\\' is no store path (it is not absolute)"),
        Arguments.of(
            "[(\"[(\",[\")]\"])],[]", "byte 16: '[(' is no store path (it is not absolute)"));
  }

  @ParameterizedTest
  @MethodSource("malformedInputs")
  void inputsAreCheckedWhenTheyAreAskedFor(String lists, String reason) throws Malformed {
    DerivationInputs inputs = inputs(lists);
    assertEquals(reason, assertThrows(Malformed.class, inputs::parse).getMessage());
  }

  static Stream<Arguments> malformed() {
    return Stream.of(
        Arguments.of("", "byte 0: expected 'Derive('"),
        Arguments.of("Derive", "byte 0: expected 'Derive('"),
        Arguments.of("#!/bin/sh\n", "byte 0: expected 'Derive('"),
        Arguments.of("Derive([", "byte 8: expected '('"),
        Arguments.of("Derive([(\"out", "byte 10: a string without an end"),
        Arguments.of("Derive([(\"out\\", "byte 14: a string without an end"),
        Arguments.of("Derive([(\"o\0", "byte 12: a NUL in a string"),
        Arguments.of("Derive([(\"o\\\0", "byte 13: a NUL in a string"),
        Arguments.of("Derive([(\"\",", "byte 11: '' is no name of an output"),
        Arguments.of("Derive([(\"a/b\",", "byte 14: 'a/b' is no name of an output"),
        Arguments.of(
            "Derive([(\"out\",\"/etc\",\"\",\"\")]",
            "byte 28: '/etc' is no store path (it is not in /nix/store)"),
        Arguments.of("Derive([] ,", "byte 9: expected ','"),
        Arguments.of("Derive([],x", "byte 10: expected '['"),
        Arguments.of("Derive([],[(", "byte 12: a list without an end"),
        Arguments.of("Derive([],[x", "byte 11: expected '\"'"),
        Arguments.of("Derive([],[\0", "byte 11: expected '\"'"),
        Arguments.of("Derive([],[\"a]", "byte 12: a string without an end"),
        Arguments.of("Derive([],[\"a\\\"]", "byte 12: a string without an end"),
        Arguments.of("Derive([],[\"a\0\"]", "byte 14: a NUL in a string"),
        Arguments.of("Derive([],[]],", "byte 12: expected ','"),
        Arguments.of("Derive([],[],[\"a\"],", "byte 19: expected '\"'"),
        Arguments.of("Derive([],[],[],s", "byte 16: expected '\"'"),
        Arguments.of("Derive([],[],[],\"s\",\"b\",[,", "byte 25: expected '\"'"),
        Arguments.of("Derive([],[],[],\"s\",\"b\",[\"a\"\"b\"]", "byte 28: expected ','"),
        Arguments.of(
            "Derive([],[],[],\"s\",\"b\",[],[(\"\",\"\")])",
            "byte 31: a variable's name that is empty or has a '='"),
        Arguments.of(
            "Derive([],[],[],\"s\",\"b\",[],[(\"a=b\",\"\")])",
            "byte 34: a variable's name that is empty or has a '='"),
        Arguments.of("Derive([],[],[],\"s\",\"b\",[],[]", "byte 29: expected ')'"),
        Arguments.of(
            "Derive([],[],[],\"s\",\"b\",[],[])\n", "byte 30: something after the derivation"));
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void saysWhatIsWrongAndWhere(String text, String reason) {
    assertEquals(reason, assertThrows(Malformed.class, () -> parse(text)).getMessage());
  }

  @Test
  void escapesOfAStringAreReadAtEveryPlace() throws Malformed {
    for (int length = 0; length < 20; length++) {
      String plain = "\u00ff".repeat(length);
      String value = plain + "\\n" + plain + "\\\\\\\"" + plain;
      assertEquals(
          new ByteString(plain + "\n" + plain + "\\\"" + plain),
          parse("Derive([],[],[],\"" + value + "\",\"b\",[],[])").system());
    }
  }

  @Test
  void noPartOfADerivationIsADerivation() {
    for (int length = 0; length < PROBE.length(); length++) {
      String part = PROBE.substring(0, length);
      assertTrue(
          assertThrows(Malformed.class, () -> parse(part)).getMessage().startsWith("byte "), part);
    }
  }

  private static Derivation parse(String latin1) throws Malformed {
    return DerivationParser.parse(StoreDirectory.DEFAULT, new ByteString(latin1).bytes());
  }
}
