package nixbuildshell.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.store.StoreDirectory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SandboxPathTest {
  private static final Identity CALLER = new Identity(1234, 5678, false);
  private static final ByteString SHELL = ByteString.of("/nix/store/sh");

  @ParameterizedTest
  @CsvSource({
    "/a, /a, /a, false",
    "/a=/b, /a, /b, false",
    "/a?, /a, /a, true",
    "/a=/b?, /a, /b, true",
    "/a=/b=c, /a, /b=c, false",
  })
  void readsAnEntry(String text, String target, String source, boolean optional) {
    SandboxPath path = SandboxPath.parse(ByteString.of(text));
    assertEquals(new SandboxPath(ByteString.of(target), ByteString.of(source), optional), path);
    assertEquals(text, path.toString());
    assertEquals("", path.problem(StoreDirectory.DEFAULT, "/work/here").orElse(""));
  }

  @ParameterizedTest
  @CsvSource({"/a/b/, /a/b", "/a/=/b/?, /a=/b?", "/tmp/, /tmp"})
  void takesAwayTheSlashAtTheEnd(String text, String path) {
    assertEquals(path, SandboxPath.parse(ByteString.of(text)).toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "?",
        "=",
        "a",
        "/",
        "/a//",
        "//",
        "//a",
        "/a/../b",
        "/a/.",
        "/a=b",
        "=/a",
        "/a=",
        "/a\0b",
        "/a=/b/../c",
        "/build",
        "/build/x",
        "/work",
        "/work/here",
        "/work/here/x",
        "/proc/1",
        "/tmp/x",
        "/nix",
        "/nix/store",
        "/nix/store/x",
        "/dev",
        "/dev/pts/0",
        "/dev/shm",
        "/etc",
        "/bin",
      })
  void refusesWhatWouldChangeTheSandbox(String text) {
    assertEquals(
        true,
        SandboxPath.parse(ByteString.of(text))
            .problem(StoreDirectory.DEFAULT, "/work/here")
            .isPresent());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/dev/fuse",
        "/work/there",
        "/work/hereafter",
        "/etc/ssl",
        "/bin/sh",
        "/buildings",
        "/nix/var",
        "/usr/bin/env"
      })
  void takesOthers(String text) {
    assertEquals(
        "",
        SandboxPath.parse(ByteString.of(text))
            .problem(StoreDirectory.DEFAULT, "/work/here")
            .orElse(""));
  }

  private static List<Entry> entries(HostPath... paths) {
    return entries(NetworkView.LOOPBACK, paths);
  }

  private static List<Entry> entries(NetworkView network, HostPath... paths) {
    SandboxRequest request =
        new SandboxRequest(
            CALLER,
            SampleRequest.build(Generation.FLAT, Optional.of(SHELL)),
            new SandboxRequest.View(new StoreView.Whole(), network, List.of(paths)),
            SampleRequest.MACHINE);
    Program program = new Program(List.of(SHELL), List.of(), List.of(), "/build", true, false);
    return NixSandbox.of(request, program).entries();
  }

  private static List<Entry.HostBind> binds(HostPath... paths) {
    return entries(paths).stream()
        .filter(Entry.HostBind.class::isInstance)
        .map(Entry.HostBind.class::cast)
        .toList();
  }

  private static HostPath host(String target) {
    return new HostPath(new ByteString(target), ByteString.of("/host"), true, true);
  }

  private static List<ByteString> bytes(String... latin1) {
    return List.of(latin1).stream().map(ByteString::new).toList();
  }

  @Test
  void makesTheDirectoriesAboveThatAreMissing() {
    List<Entry.HostBind> binds =
        binds(host("/usr/lib/b"), host("/usr/bin"), host("/etc/ssl/\u00ff"));
    assertEquals(bytes("/etc/ssl/\u00ff", "/usr/bin", "/usr/lib/b"), targets(binds));
    assertEquals(bytes("/etc/ssl"), binds.get(0).above());
    assertEquals(bytes("/usr"), binds.get(1).above());
    assertEquals(bytes("/usr/lib"), binds.get(2).above());
  }

  @Test
  void copiesALinkButNotIntoWhatIsTheHosts() {
    Optional<ByteString> says = Optional.of(ByteString.of("../x"));
    HostPath link =
        new HostPath(ByteString.of("/usr/bin/env"), ByteString.of("/l"), false, true, says);
    assertEquals(
        List.of(new Entry.HostLink(link.target(), says.get(), bytes("/usr", "/usr/bin"))),
        entries(link).stream().filter(Entry.HostLink.class::isInstance).toList());
    assertEquals(
        List.of(),
        entries(link, host("/usr")).stream().filter(Entry.HostLink.class::isInstance).toList());
  }

  private static List<ByteString> targets(List<Entry.HostBind> binds) {
    return binds.stream().map(Entry.HostBind::target).toList();
  }

  @Test
  void makesNothingInWhatIsTheHosts() {
    List<Entry.HostBind> binds = binds(host("/a/b/c"), host("/a"));
    assertEquals(bytes("/a", "/a/b/c"), targets(binds));
    assertEquals(true, binds.get(0).made());
    assertEquals(false, binds.get(1).made());
    assertEquals(List.of(), binds.get(1).above());
  }

  @Test
  void takesThePlaceOfWhatIsBelow() {
    HostFile certificates = new HostFile("/etc/ssl/certs/ca-certificates.crt", "/x");
    NetworkView network = new NetworkView(Network.HOST, List.of(certificates));
    List<String> paths =
        entries(network, host("/etc/ssl")).stream()
            .map(Entry::path)
            .filter(path -> path.startsWith("/etc/ssl"))
            .toList();
    assertEquals(List.of("/etc/ssl"), paths);
  }

  @Test
  void takesThePlaceOfWhatIsThere() {
    List<String> paths =
        entries(host("/bin/sh"), host("/dev/null")).stream().map(Entry::path).toList();
    assertEquals(paths.stream().distinct().toList(), paths);
  }
}
