package nixbuildshell.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.sandbox.BinSh;
import nixbuildshell.sandbox.Generation;
import nixbuildshell.sandbox.HostPath;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Paths of the host: {@code @} stands for the temporary directory that has them. */
class SandboxPathsTest {
  @TempDir Path root;
  private TestHost host;

  @BeforeEach
  void make() throws IOException {
    host = new TestHost(root);
    host.file(root.resolve("dir/file"), "");
    host.file(root.resolve("file"), "");
    Files.createSymbolicLink(root.resolve("link"), Path.of("dir"));
  }

  private SandboxPaths paths(String named) {
    List<ByteString> entries =
        Stream.of(named.split(" ")).filter(each -> !each.isEmpty()).map(this::path).toList();
    return host.sandboxPaths(entries);
  }

  private String here(String text) {
    return text.replace("@", root.toString());
  }

  private ByteString path(String text) {
    return ByteString.of(here(text));
  }

  /** Prints paths as {@code TARGET=SOURCE}, a directory with a slash, a link with what it says. */
  private String shown(List<HostPath> paths) {
    return paths.stream()
        .map(
            path ->
                path.target()
                    + "="
                    + path.source()
                    + (path.directory() ? "/" : "")
                    + path.link().map(link -> "->" + link).orElse(""))
        .map(text -> text.replace(root.toString(), "@"))
        .collect(Collectors.joining(" "));
  }

  private String shownTo(SandboxPaths paths, Generation nix, boolean shellIsKnown) {
    return shownTo(paths, nix, shellIsKnown, BinSh.BUILD);
  }

  private String shownTo(SandboxPaths paths, Generation nix, boolean shellIsKnown, BinSh binSh) {
    try (KeptDirectory kept = host.open()) {
      return shown(paths.shownTo(host.build(kept, Optional.empty()), nix, shellIsKnown, binSh));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/x=@/file, /x=@/file",
    "/x=@/dir/, /x=@/dir/",
    "/x=@/dir /y=@/file?, /x=@/dir/ /y=@/file",
    "/x=@/link, /x=@/link/",
    "/x=@/none?, ''",
    "/x=@/file /x=@/dir, /x=@/dir/",
    "/x=@/dir /x/file=@/file, /x=@/dir/ /x/file=@/file",
  })
  void showsWhatTheCallerNames(String named, String expected) {
    assertEquals(expected, shownTo(paths(named), Generation.FLAT, true));
    assertEquals("", host.said());
    try (KeptDirectory kept = host.open()) {
      FailedBuild build = host.build(kept, Optional.empty());
      assertTrue(
          paths(named).shownTo(build, Generation.FLAT, true, BinSh.BUILD).stream()
              .allMatch(HostPath::readOnly));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/x=@/none, 'cannot use --sandbox-path /x=@/none: @/none is not there'",
    "/build/x=@/file, 'cannot use --sandbox-path /build/x=@/file: /build is the sandbox''s own'",
    "/nix/store=@/dir, cannot use --sandbox-path /nix/store=@/dir: /nix/store is the sandbox's own",
    "/nix/store/x, 'cannot use --sandbox-path /nix/store/x: '",
    "x=@/file, 'cannot use --sandbox-path x=@/file: it must be absolute, '",
    "/x=@/dir/../file, 'cannot use --sandbox-path /x=@/dir/../file: it must be absolute, '",
  })
  void refusesWhatCannotBeShown(String named, String message) {
    Failure failure = assertThrows(Failure.class, () -> paths(named));
    assertTrue(failure.getMessage().startsWith(here(message)), () -> failure.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "/x=@/dir /x/none=@/file, file",
    "/x=@/dir /x/file=@/dir, directory",
  })
  void nothingIsMadeInADirectoryOfTheHost(String named, String kind) {
    SandboxPaths paths = paths(named);
    Failure failure = assertThrows(Failure.class, () -> shownTo(paths, Generation.FLAT, true));
    assertTrue(
        failure.getMessage().contains("no such " + kind + " to mount it on"),
        () -> failure.getMessage());
  }

  /**
   * Without a manifest, Nix's setting counts where it was asked for anyway, or gives the builder.
   */
  @ParameterizedTest
  @CsvSource({
    "false, bash, ''",
    "true, bash, /y=@/file /x=@/dir/",
    "false, sh, /y=@/file /bin/sh=@/file /x=@/dir/",
    "false, nix, /y=@/file /bin/sh=@/file /x=@/dir/",
  })
  void showsNixsSettingWhereNoManifestTells(boolean asked, String shell, String expected) {
    host.settings(
        here("sandbox-paths = /y=@/file /bin/sh=@/file\nextra-sandbox-paths = /x=@/dir /z=@/no?"));
    if (shell.equals("sh")) {
      host.systemShell("", "");
    }
    SandboxPaths paths = paths("");
    if (asked) {
      paths.ask();
    }
    BinSh rule = shell.equals("nix") ? BinSh.NIX : BinSh.BUILD;
    assertEquals(expected, shownTo(paths, Generation.FLAT, false, rule));
    assertEquals("", host.said());
  }

  @Test
  void saysWhatOfNixsSettingIsNotThere() {
    String inTheStore = TestHost.whole(TestHost.BASH);
    host.settings(here("sandbox-paths = /x=@/none /etc=@/dir /y=@/file " + inTheStore));
    SandboxPaths paths = paths("");
    paths.ask();
    assertEquals("/y=@/file", shownTo(paths, Generation.FLAT, false));
    assertEquals(
        here(
            "not shown of Nix's sandbox-paths: /x=@/none (@/none is not there)"
                + " /etc=@/dir (/etc is the sandbox's own)"),
        host.said());
  }

  /** A manifest chooses among Nix's setting and names the rest; it opens nothing itself. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/build /x | /y=@/file /x=@/dir | /x=@/dir/ | ''",
        "/build /nix/store/y /dev/null /proc/sys | /x=@/dir | '' | ''",
        "/y | /x=@/dir | '' | the build also had a path of its host, not shown now: /y;",
        "/x /y /z | /x=@/dir | /x=@/dir/ | the build also had 2 paths of its host, not shown now:"
            + " /y /z;",
        "/bin/sh | /bin/sh=@/file | /bin/sh=@/file | ''",
        "/y~--sandbox-path~/=/ | /x=@/dir | '' | the build also had a path of its host, not shown"
            + " now: '/y --sandbox-path /=/';",
      })
  void aManifestChoosesAmongNixsSetting(
      String mounts, String setting, String expected, String said) {
    host.manifest(
        Arrays.stream(mounts.split(" "))
            .map(point -> "{\"mountPoint\": \"" + point.replace('~', ' ') + "\"}")
            .collect(Collectors.joining(",", "\"mounts\": [", "]")));
    host.settings(here("sandbox-paths = " + setting));
    assertEquals(expected, shownTo(paths(""), Generation.FLAT, false));
    String text = host.said();
    assertTrue(said.isEmpty() ? text.isEmpty() : text.startsWith(said), text);
  }

  @Test
  void aShellThatIsKnownIsNotShownOnceMore() {
    host.manifest("\"mounts\": [{\"mountPoint\": \"/bin/sh\"}]");
    host.settings(here("sandbox-paths = /bin/sh=@/file"));
    assertEquals("", shownTo(paths(""), Generation.FLAT, true));
  }

  /** Newer Nix copies a link, and older Nix follows it. */
  @ParameterizedTest
  @CsvSource({"FLAT, /x=@/link/ /y=@/file", "NESTED, /x=@/link->dir /y=@/file"})
  void linksAreAsTheBuildsNixShowsThem(Generation nix, String expected) {
    host.settings(here("sandbox-paths = /x=@/link /y=@/file"));
    SandboxPaths paths = paths("");
    paths.ask();
    assertEquals(expected, shownTo(paths, nix, false));
  }

  @Test
  void aSessionHasItsPathsAsFarAsTheyAreThere() {
    HostPath file = new HostPath(path("/a"), path("@/file"), false, true);
    HostPath gone = new HostPath(path("/b"), path("@/none"), true, false);
    HostPath link = HostPath.link(path("/c"), path("@/none"), path("dir"));
    assertEquals(
        "/a=@/dir/ /c=@/none->dir", shown(paths("/a=@/dir").again(List.of(file, gone, link))));
    assertEquals(here("@/none is gone, and not shown"), host.said());
  }

  /** A store path is no path of the host: it is where the build sees store paths. */
  @Test
  void storePathsAreNoPathsOfTheHost() {
    String bash = TestHost.whole(TestHost.BASH);
    SandboxPaths paths = paths("/x=@/file " + bash + " " + bash + "/bin/bash");
    assertEquals(List.of(TestHost.BASH, TestHost.BASH), paths.tools());
    assertEquals("/x=@/file", shownTo(paths, Generation.FLAT, true));
  }

  @Test
  void knowsTheStorePathsThatTheyLieIn() {
    String store = TestHost.whole(TestHost.OUT);
    host.settings("sandbox-paths = /x=" + TestHost.whole(TestHost.BASH) + "/bin/bash /etc/y");
    assertEquals(
        List.of(TestHost.OUT, TestHost.BASH), paths("/z=@/file /y=" + store + "/lib?").inStore());
  }
}
