package nixbuildshell.capture;

import static nixbuildshell.store.TestStore.whole;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;
import nixbuildshell.store.StoreDirectory;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.TestStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestReaderTest {
  private static final String BASH = "/nix/store/" + TestStore.BASH;
  private static final StorePath OUT = TestStore.path("aa", "wttr-0.1");

  private static Manifest read(String json) throws Malformed, Manifest.Newer {
    return ManifestReader.read(json.getBytes(StandardCharsets.UTF_8), StoreDirectory.DEFAULT);
  }

  private static String manifest(String fields) {
    return "{\"schemaVersion\": \"1.0\", " + fields + "}";
  }

  private static Optional<ByteString> text(String latin1) {
    return Optional.of(new ByteString(latin1));
  }

  @Test
  void readsEveryField() throws Exception {
    String json =
        """
        {"schemaVersion": "1.0", "id": "wttr-0.1-k3f9a2", "name": "wttr-0.1", "pname": "wttr",
         "version": "0.1", "system": "x86_64-linux", "phase": "buildPhase", "exitCode": 101,
         "cwd": "/build/\\u00c3\\u00a9\\u00ff", "shell": "BASH/bin/bash", "stdenv": "BASH", "buildTop": "/build",
         "command": {"text": "cargo build", "line": 12, "file": "BASH/setup",
                     "stack": [{"function": "f", "line": 3, "file": "x"}, {"line": 0}]},
         "outputs": {"out": "OUT"}, "storePaths": ["BASH", "OUT", "BASH"],
         "mounts": [{"device": "254:0", "root": "/x", "mountPoint": "/bin/sh", "type": "ext4"}],
         "structuredAttrs": false, "fixedOutput": true, "sandboxed": true,
         "uid": 1000, "gid": 100, "time": 1777268161, "hookVersion": "0.1.0"}
        """
            .replace("BASH", BASH)
            .replace("OUT", whole(OUT));
    Optional<Integer> line = Optional.of(3);
    assertEquals(
        new Manifest(
            Optional.of("wttr-0.1-k3f9a2"),
            Optional.of("wttr-0.1"),
            text("x86_64-linux"),
            new Manifest.End(
                text("buildPhase"),
                Optional.of(101),
                Optional.of(
                    new Manifest.Command(
                        new ByteString("cargo build"),
                        Optional.of(12),
                        text(BASH + "/setup"),
                        List.of(
                            new Manifest.Frame(text("f"), line, text("x")),
                            new Manifest.Frame(
                                Optional.empty(), Optional.of(0), Optional.empty())))),
                text("/build/\u00c3\u00a9\u00ff")),
            new Manifest.Store(
                text(BASH + "/bin/bash"),
                Map.of("out", OUT),
                List.of(StorePath.ofBaseName(TestStore.BASH), OUT)),
            new Manifest.Sandbox(
                Optional.of(true),
                Optional.of(true),
                text("/build"),
                List.of(new Manifest.Mount(text("254:0"), text("/x"), text("/bin/sh"))))),
        read(json));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"x\": null",
        "\"x\": {\"a\": [1e99, {\"b\": -0.5}]}, \"y\": \"\u4e2d\"",
        "\"command\": {\"text\": \"x\", \"column\": [[]]}",
        "\"mounts\": [{\"flags\": 7}]",
        "\"outputs\": {}, \"storePaths\": [], \"mounts\": []",
      })
  void passesOverWhatItDoesNotKnow(String fields) throws Exception {
    assertEquals(Optional.of(7), read(manifest(fields + ", \"exitCode\": 7")).end().exitCode());
  }

  @Test
  void anEmptyTextIsNone() throws Exception {
    String empty =
        Stream.of("name", "system", "phase", "cwd", "shell", "stdenv", "buildTop")
            .map(name -> "\"" + name + "\": \"\"")
            .collect(Collectors.joining(", "));
    assertEquals(read(manifest("\"x\": 0")), read(manifest(empty)));
  }

  static Stream<Arguments> bad() {
    String outside = "it is not in /nix/store";
    String dots = "it has an empty component, '.' or '..'";
    return Stream.of(
        field("storePaths", "\"/nix/store\"", "storePaths: it is not a list"),
        field("storePaths", "{}", "storePaths: it is not a list"),
        field("storePaths", "[1]", "storePaths[0]: it is not a string"),
        field("storePaths", "[null]", "storePaths[0]: it is not a string"),
        field("storePaths", "[[]]", "storePaths[0]: it is not a string"),
        field("storePaths", store(""), "storePaths[1]: it is not absolute"),
        field("storePaths", store("etc"), "storePaths[1]: it is not absolute"),
        field("storePaths", store("/etc"), "storePaths[1]: " + outside),
        field("storePaths", store("/nix/store"), "storePaths[1]: " + outside),
        field("storePaths", store("/nix/store/"), "storePaths[1]: " + dots),
        field("storePaths", store("/nix/store/.."), "storePaths[1]: " + dots),
        field("storePaths", store("/nix/store/../../etc"), "storePaths[1]: " + dots),
        field("storePaths", store("/nix/store/../store/x"), "storePaths[1]: " + dots),
        field("storePaths", store(BASH + "/.."), "storePaths[1]: " + dots),
        field("storePaths", store(BASH + "/"), "storePaths[1]: " + dots),
        field(
            "storePaths",
            store(BASH + "/bin"),
            "storePaths[1]: it lies below the store path " + BASH),
        field(
            "storePaths",
            store("/nix/store/.links"),
            "storePaths[1]: it does not begin with a hash of 32 characters and a hyphen"),
        field(
            "storePaths",
            store(BASH + "\\n"),
            "storePaths[1]: its name has a character that the store does not allow"),
        field("storePaths", store(BASH + "\\u0000"), "storePaths[1]: it contains a NUL byte"),
        field(
            "storePaths",
            store(BASH + ".drv.chroot"),
            "storePaths[1]: it is the directory of another build"),
        field("outputs", "[]", "outputs: it is not an object"),
        field("outputs", "{\"out\": \"/etc\"}", "outputs.out: " + outside),
        field("outputs", "{\"..\": \"/etc\"}", "outputs...: the store allows no such output"),
        field(
            "outputs",
            "{\"a/\\u001b[31m\": \"/etc\"}",
            "outputs.a/\\x1b[31m: the store allows no such output"),
        field("shell", "\"/bin/sh\"", "shell: " + outside),
        field("shell", "\"" + BASH + "/../../../bin/sh\"", "shell: " + dots),
        field("cwd", "\"build\"", "cwd: it is not absolute"),
        field("buildTop", "\".\"", "buildTop: it is not absolute"),
        field("name", "\"../x\"", "name: the store allows no such name"),
        field("id", "\"a b\"", "id: it is not made of 1 to 80 letters, digits and + . _ -"),
        field("id", "\"../x\"", "id: it is not made of 1 to 80 letters, digits and + . _ -"),
        field("id", "\"\"", "id: it is not made of 1 to 80 letters, digits and + . _ -"),
        field(
            "id",
            "\"" + "x".repeat(81) + "\"",
            "id: it is not made of 1 to 80 letters, digits and + . _ -"),
        field("phase", "7", "phase: it is not a string"),
        field("phase", "\"\u4e2d\"", "phase: it contains a character that stands for no byte"),
        field("phase", "\"\\u0000\"", "phase: it contains a NUL byte"),
        field("exitCode", "\"1\"", "exitCode: it is not a number"),
        field("exitCode", "1.0", "exitCode: it is not an integer, or too large"),
        field("exitCode", "1e2", "exitCode: it is not an integer, or too large"),
        field("exitCode", "256", "exitCode: it is too small or too large"),
        field("exitCode", "-1", "exitCode: it is too small or too large"),
        field("exitCode", "9999999999999999999", "exitCode: it is not an integer, or too large"),
        field("exitCode", "null", "exitCode: it is not a number"),
        field("sandboxed", "\"true\"", "sandboxed: it is not true or false"),
        field("fixedOutput", "1", "fixedOutput: it is not true or false"),
        field("command", "\"x\"", "command: it is not an object"),
        field("command", "{}", "command: it has no text"),
        field("command", "{\"text\": []}", "command.text: it is not a string"),
        field(
            "command", "{\"text\": \"\", \"stack\": [7]}", "command.stack[0]: it is not an object"),
        field(
            "command",
            "{\"text\": \"\", \"line\": -3}",
            "command.line: it is too small or too large"),
        field("command", "{\"text\": \"a\", \"text\": \"b\"}", "command.text: it is there twice"),
        field("mounts", "[{\"root\": 1}]", "mounts[0].root: it is not a string"),
        field("x", "\"\\ud834\"", "x: it has half a character"),
        field("x", "{\"a\": 1, \"a\": 2}", "x.a: it is there twice"),
        field("x", "1e999", "x: the number is too long or too large"),
        field("x", "1" + "0".repeat(64), "x: the number is too long or too large"));
  }

  private static Arguments field(String name, String value, String reason) {
    return Arguments.of("\"" + name + "\": " + value, reason);
  }

  private static String store(String second) {
    return "[\"" + BASH + "\", \"" + second + "\"]";
  }

  @ParameterizedTest
  @MethodSource("bad")
  void saysWhatIsWrongWithAField(String field, String reason) {
    assertEquals(reason, assertThrows(Malformed.class, () -> read(manifest(field))).getMessage());
  }

  static Stream<Arguments> noManifests() {
    return Stream.of(
        Arguments.of("", "it ends too early"),
        Arguments.of(" \n", "it ends too early"),
        Arguments.of("{", "it ends too early"),
        Arguments.of("{\"schemaVersion\": \"1.0\"", "it ends too early"),
        Arguments.of("{}", "it has no schemaVersion"),
        Arguments.of("[]", "the whole: it is not an object"),
        Arguments.of("null", "the whole: it is not an object"),
        Arguments.of("\0", "it is no JSON, line 1 column 1"),
        Arguments.of("{'schemaVersion': '1.0'}", "it is no JSON, line 1 column 3"),
        Arguments.of("{\"a\": 1,}", "it is no JSON, line 1 column 10"),
        Arguments.of("{\"a\": 01}", "it is no JSON, line 1 column 7"),
        Arguments.of("{\"a\": NaN}", "it is no JSON, line 1 column 7"),
        Arguments.of(manifest("\"phase\": \"\n\""), "it is no JSON, line 1 column 36"),
        Arguments.of("// x\n{}", "it is no JSON, line 1 column 2"),
        Arguments.of(manifest("\"x\": 1") + "{}", "it is no JSON, line 1 column 34"),
        Arguments.of(manifest("\"schemaVersion\": \"1.0\""), "schemaVersion: it is there twice"),
        Arguments.of(manifest("\"x\": 1, \"x\": 2"), "x: it is there twice"),
        Arguments.of(
            manifest("\"x\": " + "[".repeat(100_000)),
            "it is nested more than 16 deep, line 1 column 47"),
        Arguments.of(
            manifest("\"x\": " + "{\"a\": ".repeat(17) + "1" + "}".repeat(17)),
            "it is nested more than 16 deep, line 1 column 122"));
  }

  @ParameterizedTest
  @MethodSource("noManifests")
  void saysWhyItIsNoManifest(String text, String reason) {
    assertEquals(reason, assertThrows(Malformed.class, () -> read(text)).getMessage());
  }

  @Test
  void isOnlyUtf8() {
    byte[] latin1 = manifest("\"x\": \"\u00e9\"").getBytes(StandardCharsets.ISO_8859_1);
    Malformed malformed =
        assertThrows(Malformed.class, () -> ManifestReader.read(latin1, StoreDirectory.DEFAULT));
    assertEquals("it is not UTF-8", malformed.getMessage());
  }

  @Test
  void boundsItsLists() {
    String many = "\"" + BASH + "\",".repeat(1);
    String list = "[" + many.repeat(50_000) + "\"" + BASH + "\"]";
    assertEquals(
        "storePaths[49999]: it has more than 50000 entries",
        assertThrows(Malformed.class, () -> read(manifest("\"storePaths\": " + list)))
            .getMessage());
  }

  @Test
  void boundsTheWholeText() {
    String list = "[" + "0,".repeat(49_999) + "0]";
    String lists = "[" + (list + ",").repeat(8) + "0]";
    assertEquals(
        "x[7][49988]: the text has more than 400000 values",
        assertThrows(Malformed.class, () -> read(manifest("\"x\": " + lists))).getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "1.0", "1.99", "1.2.3"})
  void readsEveryMinorVersion(String version) throws Exception {
    assertEquals(
        Optional.of(3),
        read("{\"exitCode\": 3, \"schemaVersion\": \"" + version + "\"}").end().exitCode());
  }

  @ParameterizedTest
  @CsvSource({"2", "2.0", "10.3", "999999999.0"})
  void refusesANewerMajorVersionWhateverElseItHas(String version) {
    String json = "{\"storePaths\": 7, \"schemaVersion\": \"" + version + "\"}";
    assertEquals(
        "its schemaVersion is " + version + ", and this nix-build-shell reads 1",
        assertThrows(Manifest.Newer.class, () -> read(json)).getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0.9", "01.0", "x", "1.", ".1", "-1", "1.0\\n", "9999999999"})
  void knowsAVersionWhenItSeesOne(String version) {
    String json = "{\"schemaVersion\": \"" + version + "\"}";
    assertEquals(
        "schemaVersion: it is not that of a manifest",
        assertThrows(Malformed.class, () -> read(json)).getMessage());
  }
}
