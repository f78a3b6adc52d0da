package nixbuildshell.nix;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import nixbuildshell.ByteString;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BuildersTest {
  @TempDir private Path etc;

  @BeforeEach
  void makeDirectory() throws IOException {
    Files.createDirectories(etc.resolve("nix"));
  }

  private List<String> of(String config, String system, String... features) {
    Caller caller =
        Caller.of(Map.of("NIX_CONFIG", ByteString.of(config)), Set.of(), etc, 1000, 1000, 0);
    return Builders.of(caller).forBuild(system, Set.of(features));
  }

  @Test
  void systemsAndFeaturesSelect() {
    String builders =
        "builders = ssh://a x86_64-linux,i686-linux ; b aarch64-linux - 4 2 kvm,big-parallel ;"
            + " ssh-ng://c?ssh-key=/k - - 1 1 kvm kvm";
    assertEquals(List.of("ssh://a"), of(builders, "x86_64-linux"));
    assertEquals(List.of("ssh://b"), of(builders, "aarch64-linux", "big-parallel"));
    assertEquals(List.of("ssh-ng://c?ssh-key=/k"), of(builders, "x86_64-linux", "kvm"));
    assertEquals(List.of(), of(builders, "x86_64-linux", "uid-range"));
  }

  @Test
  void fileBesideNixConfIsTheDefault() throws IOException {
    Path machines = etc.resolve("nix/machines");
    Files.writeString(machines, "# ours\nalice@mac x86_64-darwin # old\n\n@" + machines + "\n");
    assertEquals(List.of("ssh://alice@mac"), of("", "x86_64-darwin"));
    assertEquals(List.of("ssh://alice@mac"), of("builders = @" + machines, "x86_64-darwin"));
    assertEquals(List.of(), of("builders =", "x86_64-darwin"));
    assertEquals(List.of(), of("builders = @/nowhere", "x86_64-darwin"));
  }
}
