package nixbuildshell.nix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.files.Answers;
import nixbuildshell.files.Directory;
import nixbuildshell.files.Fixture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Asks a script in place of {@code nix}, whose compiled-in default is {@code /default}. */
class SandboxPathsSettingTest {
  @TempDir Path root;
  private final Map<String, ByteString> variables = new HashMap<>();
  private Directory base;

  @BeforeEach
  void make() throws Exception {
    nix("sandbox-paths = /default");
    write("etc/passwd", "me:x:1000:100::" + root.resolve("passwd") + ":/bin/sh\n");
    base = Fixture.open(Files.createDirectory(root.resolve("base")));
    set("PATH", root.resolve("bin").toString());
    set("HOME", root.resolve("home").toString());
    set("XDG_CONFIG_DIRS", root.resolve("xdg").toString());
  }

  @AfterEach
  void close() {
    base.close();
  }

  private void set(String name, String value) {
    variables.put(name, ByteString.of(value));
  }

  private void nix(String answer) throws IOException {
    Path file = root.resolve("bin/nix");
    write(
        "bin/nix", "#!/bin/sh\n[ ! -e \"$NIX_CONF_DIR\" ] || exit 1\necho >>" + root + "/asked\n");
    Files.writeString(file, Files.readString(file) + "echo '" + answer + "'\n");
    file.toFile().setExecutable(true);
  }

  private void write(String name, String text) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private long asked() throws IOException {
    Path asked = root.resolve("asked");
    return Files.exists(asked) ? Files.size(asked) : 0;
  }

  private SandboxPathsSetting setting(long uid) {
    Caller caller = Caller.of(variables, Set.of(), root.resolve("etc"), uid, 100, 0);
    return new SandboxPathsSetting(Configuration.read(caller), Answers.in(base), () -> false);
  }

  private String words() {
    return setting(1000).words().stream().map(ByteString::latin1).collect(Collectors.joining(" "));
  }

  /** The order is Nix's: the system's file, the user's, NIX_CONFIG. */
  @ParameterizedTest
  @CsvSource({
    "'', '', '', /default",
    "extra-sandbox-paths = /a, '', '', /default /a",
    "extra-sandbox-paths = /a;extra-sandbox-paths = /b, extra-build-chroot-dirs = /c, '', /default"
        + " /a /b /c",
    "sandbox-paths = /a, '', '', /a",
    "sandbox-paths = /a, sandbox-paths = /b, '', /b",
    "sandbox-paths = /a, extra-sandbox-paths = /b, '', /a /b",
    "extra-sandbox-paths = /a, build-sandbox-paths = /b, '', /b",
    "sandbox-paths = /a, sandbox-paths = /b, extra-sandbox-paths = /c, /b /c",
    "'', '', sandbox-paths =, ''",
  })
  void putsTheSourcesOverEachOther(String system, String user, String variable, String words)
      throws IOException {
    write("etc/nix/nix.conf", system.replace(';', '\n'));
    write("passwd/.config/nix/nix.conf", user);
    // HOME belongs to another user, so the account's directory counts.
    write("home/.config/nix/nix.conf", "sandbox-paths = /foreign");
    if (Fixture.FILES.userId() == 1000) {
      write("home/.config/nix/nix.conf", user);
    }
    if (!variable.isEmpty()) {
      set("NIX_CONFIG", variable);
    }
    assertEquals(words, words());
    assertEquals(words, words());
  }

  @Test
  void readsTheUsersFilesWhereTheVariablesSay() throws IOException {
    write("xdg/nix/nix.conf", "extra-sandbox-paths = /xdg");
    write("config/nix/nix.conf", "extra-sandbox-paths = /config");
    write("conf/nix.conf", "extra-sandbox-paths = /conf");
    set("XDG_CONFIG_HOME", root.resolve("config").toString());
    set("NIX_CONF_DIR", root.resolve("conf").toString());
    assertEquals("/default /conf /xdg /config", words());
    set("NIX_USER_CONF_FILES", root.resolve("none") + ":" + root.resolve("conf/nix.conf"));
    assertEquals("/default /conf /conf", words());
    assertEquals("[/default]", setting(0).words().toString());
  }

  @Test
  void asksEachProgramOnce() throws Exception {
    assertFalse(setting(1000).isKnown());
    assertEquals("/default", words());
    long once = asked();
    assertTrue(setting(1000).isKnown());
    assertEquals("/default", words());
    assertEquals(once, asked());
    nix("sandbox-paths = /another");
    assertEquals("/another", words());
    nix("sandbox-paths = /third");
    assertEquals("/third", words());
    for (Path answer : Files.list(root.resolve("base/.answers")).toList()) {
      Files.writeString(answer, "1 0\n/lie");
    }
    assertEquals("/third", words());
  }

  @Test
  void goesWithoutTheDefaultWhereTheProgramCannotTell() throws Exception {
    write("etc/nix/nix.conf", "extra-sandbox-paths = /a");
    nix("");
    Files.writeString(root.resolve("bin/nix"), "#!/bin/sh\nexit 1\n");
    assertEquals("/a", words());
    Files.delete(root.resolve("bin/nix"));
    assertEquals("/a", words());
  }
}
