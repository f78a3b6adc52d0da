package nixbuildshell.capture;

import static nixbuildshell.store.TestStore.whole;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.store.Derivation;
import nixbuildshell.store.Derivation.Output;
import nixbuildshell.store.DerivationInputs;
import nixbuildshell.store.StoreDirectory;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.TestStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests what a real bash makes of the file. */
class RebuiltEnvVarsTest {
  private static final ByteString SHELL = ByteString.of(TestStore.SHELL);
  private static final BuilderEnvironment.Outside HOST =
      new BuilderEnvironment.Outside(3, name -> Optional.empty(), false, "/build");
  private static final StorePath OUT = TestStore.path("aa", "probe-1.0");

  @TempDir Path directory;

  static Stream<Bash> shells() {
    return EnvVarsTest.shells();
  }

  private static Derivation derivation(Map<String, String> environment, String hash) {
    Map<ByteString, ByteString> variables = new LinkedHashMap<>();
    environment.forEach(
        (name, value) -> variables.put(new ByteString(name), new ByteString(value)));
    return new Derivation(
        StoreDirectory.DEFAULT,
        Map.of("out", new Output(Optional.of(OUT), ByteString.EMPTY, ByteString.of(hash))),
        DerivationInputs.NONE,
        ByteString.of("x86_64-linux"),
        SHELL,
        List.of(),
        variables);
  }

  private static Map<String, String> own() {
    Map<String, String> own = new TreeMap<>();
    own.put("PATH", "/path-not-set");
    own.put("HOME", "/homeless-shelter");
    own.put("NIX_STORE", "/nix/store");
    own.put("NIX_BUILD_CORES", "3");
    own.put("NIX_BUILD_TOP", "/build");
    own.put("TMPDIR", "/build");
    own.put("TEMPDIR", "/build");
    own.put("TMP", "/build");
    own.put("TEMP", "/build");
    own.put("PWD", "/build");
    own.put("NIX_LOG_FD", "2");
    own.put("TERM", "xterm-256color");
    own.put("SHELL", TestStore.SHELL);
    return own;
  }

  private Bash.Result source(Bash bash, RebuiltEnvVars envVars, String then) throws Exception {
    Path file = directory.resolve("env-vars");
    Files.write(file, envVars.script().bytes());
    return bash.run("source \"$1\"; " + then, file.toString());
  }

  private Map<String, String> variables(Bash bash, RebuiltEnvVars envVars) throws Exception {
    Bash.Result result = source(bash, envVars, "exec /usr/bin/env -0");
    assertEquals("", result.err().latin1());
    Map<String, String> variables = new TreeMap<>();
    result.variables().forEach((name, value) -> variables.put(name, value.latin1()));
    variables.remove("_");
    variables.remove("SHLVL");
    variables.remove("LC_ALL");
    return variables;
  }

  @ParameterizedTest
  @MethodSource("shells")
  void bashGetsEveryByteAndNothingElse(Bash bash) throws Exception {
    StringBuilder every = new StringBuilder();
    for (char c = 1; c < 256; c++) {
      every.append(c);
    }
    Map<String, String> attributes = new LinkedHashMap<>();
    attributes.put("every", every.toString());
    attributes.put("quotes", "it's \"$HOME\" `id` $(id) \\' '' \\");
    attributes.put("lines", "\na\n\n");
    attributes.put("empty", "");
    attributes.put("_x9", "!");
    attributes.put("azAZ_09", "!");
    attributes.put("Z", "!");
    RebuiltEnvVars envVars = RebuiltEnvVars.of(derivation(attributes, ""), SHELL, HOST);
    assertEquals(Map.of(), envVars.undeclarable());
    Map<String, String> expected = own();
    expected.putAll(attributes);
    assertEquals(expected, variables(bash, envVars));
  }

  @Test
  void aValueMayBeLargerThanAnyProgramTakes() throws Exception {
    String large = "'x\n".repeat(1 << 20);
    RebuiltEnvVars envVars = RebuiltEnvVars.of(derivation(Map.of("large", large), ""), SHELL, HOST);
    Bash.Result result = source(new Bash("/usr/bin/bash", ""), envVars, "printf %s \"$large\"");
    assertEquals(large, result.out().latin1());
  }

  /**
   * Expects variables besides Nix's own.
   *
   * @param hash the output's; empty unless it is fixed
   */
  private void expect(Map<String, String> more, Map<String, String> attributes, String hash)
      throws Exception {
    Map<String, String> expected = own();
    expected.putAll(more);
    RebuiltEnvVars envVars = RebuiltEnvVars.of(derivation(attributes, hash), SHELL, HOST);
    assertEquals(expected, variables(new Bash("/usr/bin/bash", ""), envVars));
  }

  @Test
  void laterVariablesWinAsInNix() throws Exception {
    expect(
        Map.of("PATH", "/mine", "SHELL", "/my/shell", "NIX_BUILD_CORES", "9"),
        Map.of(
            "PATH", "/mine",
            "SHELL", "/my/shell",
            "NIX_BUILD_CORES", "9",
            "TMPDIR", "/elsewhere",
            "NIX_BUILD_TOP", "/elsewhere",
            "TERM", "dumb"),
        "");
  }

  @Test
  void aFixedOutputHasItsOwnVariables() throws Exception {
    expect(
        Map.of(
            "NIX_OUTPUT_CHECKED", "1",
            "impureEnvVars", "http_proxy  ftp_proxy",
            "http_proxy", "",
            "ftp_proxy", ""),
        Map.of("impureEnvVars", "http_proxy  ftp_proxy", "http_proxy", "secret"),
        "ab");
  }

  @Test
  void thereIsAMostOfVariables() {
    Map<ByteString, ByteString> many = new HashMap<>();
    for (int each = 0; each < 10_000; each++) {
      many.put(ByteString.of("V" + each), ByteString.EMPTY);
    }
    ByteString shell = ByteString.of("/bin/sh");
    Failure refused =
        assertThrows(
            Failure.class, () -> RebuiltEnvVars.of(many, List.of(), shell, Optional.empty()));
    assertTrue(refused.getMessage().contains("10001 variables, more than 10000"));
    many.remove(ByteString.of("V0"));
    RebuiltEnvVars.of(many, List.of(), shell, Optional.empty());
  }

  /** Uses hashes that Nix printed (builtins.placeholder, builtins.hashString, nix-hash). */
  @Test
  void attributesInFilesAndPlaceholdersAreReplaced() throws Exception {
    String placeholder = "/1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9";
    expect(
        Map.of(
            "passAsFile", "x",
            "xPath", "/build/.attr-10a83a91g1r50bdw8g4hn47m7j7m6angpabwc80l9c16nx11cw9d",
            "flags", "--prefix=" + whole(OUT) + " " + whole(OUT) + "/lib"),
        Map.of(
            "passAsFile", "x",
            "x", "long text",
            "flags", "--prefix=" + placeholder + " " + placeholder + "/lib"),
        "");
  }

  @Test
  void structuredAttributesLeaveNixsOwnVariables() throws Exception {
    expect(
        Map.of(
            "NIX_ATTRS_JSON_FILE", "/build/.attrs.json",
            "NIX_ATTRS_SH_FILE", "/build/.attrs.sh"),
        Map.of("__json", "{}", "out", "/x", "stdenv", "/x"),
        "");
  }

  @Test
  void whatBashCannotDeclareIsKeptApart() throws Exception {
    Map<String, String> names =
        Map.of(
            "a-b",
            "1",
            "1a",
            "2",
            "BASH_FUNC_f%%",
            "() { :; }",
            "UID",
            "0",
            "a b'",
            "3",
            "a\u00e9",
            "4",
            "[a",
            "5",
            "a@",
            "6",
            "{a",
            "7",
            "a/",
            "8");
    RebuiltEnvVars envVars = RebuiltEnvVars.of(derivation(names, ""), SHELL, HOST);
    Map<String, String> apart = new TreeMap<>();
    envVars.undeclarable().forEach((name, value) -> apart.put(name.latin1(), value.latin1()));
    assertEquals(new TreeMap<>(names), apart);
    assertEquals(own(), variables(new Bash("/usr/bin/bash", ""), envVars));
  }

  @Test
  void stdenvsSetupIsSourcedWithTheBuildersArguments() {
    assertEquals(
        Optional.empty(), RebuiltEnvVars.of(derivation(Map.of(), ""), SHELL, HOST).setup());
    for (Map<String, String> stdenv :
        List.of(Map.of("stdenv", "/x"), Map.of("__json", "{\"stdenv\":\"/x\"}"))) {
      assertEquals(
          Optional.of(List.of(ByteString.of("bash"))),
          RebuiltEnvVars.of(derivation(stdenv, ""), SHELL, HOST).setup());
    }
  }
}
