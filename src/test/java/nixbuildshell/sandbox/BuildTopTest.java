package nixbuildshell.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BuildTopTest {
  private static Optional<String> of(String path, String... buildDirectory) {
    return BuildTop.of(
            new ByteString(path), List.of(buildDirectory).stream().findFirst().map(ByteString::of))
        .map(BuildTop::path);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/tmp/nix-build-a+b_1.0?=x.drv-0",
        "/tmp/nix-build-a.drv-17-0",
        "/tmp/nix-build-a.drv-0/build",
        "/tmp/nix-shell.x1/nix-build-a.drv-0",
        "/nix/var/nix/builds/nix-4711-1234567",
        "/nix/var/nix/builds/nix-4711-1234567/build",
      })
  void takesWhatNixNamesADirectory(String path) {
    assertEquals(Optional.of(path), of(path));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "/tmp",
        "/tmp/",
        "/tmp/x",
        "/tmp/build",
        "nix-build-a.drv-0",
        "/nix-build-a.drv-0",
        "/tmp/../etc/nix-build-a.drv-0",
        "/tmp/./nix-build-a.drv-0",
        "/tmp//nix-build-a.drv-0",
        "/tmp/nix-build-a.drv-0/",
        "/tmp/nix-build-a.drv-0/..",
        "/tmp/nix-build-a.drv-0/build/build",
        "/tmp/nix-build-a.drv-0/../../etc",
        "/tmp/nix-build-../x.drv-0",
        "/tmp/nix-build-a b.drv-0",
        "/tmp/nix-build-a.drv-0\n",
        "/tmp/nix-build-a.drv-0\u0000",
        "/tmp/nix-build-\u00e4.drv-0",
        "/tmpx/nix-build-a.drv-0",
        "/nix/store/nix-build-a.drv-0",
        "/nix/var/nix/nix-build-a.drv-0",
        "/etc/nix-build-a.drv-0",
        "/proc/self/nix-build-a.drv-0",
        "/dev/shm/nix-build-a.drv-0",
        "/build/nix-build-a.drv-0",
        "/home/alice/nix-build-a.drv-0",
      })
  void takesNothingElse(String path) {
    assertEquals(Optional.empty(), of(path));
  }

  @Test
  void isNoLongerThanAPathCanBe() {
    String end = "/nix-build-a.drv-0";
    assertEquals(Optional.empty(), of("/tmp" + "/x".repeat(2000) + end));
    assertEquals(true, of("/tmp" + "/x".repeat(100) + end).isPresent());
    assertEquals(true, of("/tmp/" + "x".repeat(255) + end).isPresent());
    assertEquals(Optional.empty(), of("/tmp/" + "x".repeat(256) + end));
  }

  @Test
  void mayBeWhereNixIsTold() {
    String path = "/home/alice/b/nix-4711-1234567/build";
    assertEquals(Optional.of(path), of(path, "/home/alice/b"));
    assertEquals(Optional.empty(), of(path, "/home/alice/c"));
    assertEquals(Optional.empty(), of(path, "/"));
    assertEquals(Optional.empty(), of("/home/alice/b/x", "/home/alice/b"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/etc", "/etc/x", "/nix/store", "/dev/shm", "/build", "/proc/1/root"})
  void neverLiesOverTheSandboxsOwn(String base) {
    assertEquals(Optional.empty(), of(base + "/nix-build-a.drv-0", base));
  }

  @Test
  void namesWhatHasToBeMade() {
    BuildTop below = new BuildTop("/tmp/x/nix-build-a.drv-0");
    assertEquals("[x, nix-build-a.drv-0]", below.belowTmp().toString());
    assertEquals(List.of(), below.directories());
    BuildTop other = new BuildTop("/nix/var/nix/builds/nix-1-2");
    assertEquals(List.of(), other.belowTmp());
    assertEquals(
        List.of("/nix", "/nix/var", "/nix/var/nix", "/nix/var/nix/builds", other.path()),
        other.directories().stream().map(Entry::path).toList());
  }
}
