package nixbuildshell.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import nixbuildshell.nix.Configuration;
import nixbuildshell.nix.IdPool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BuildOwnersTest {
  @TempDir Path etc;

  @Test
  void areThoseWhomNixBuildsAsAndTheCaller() throws IOException {
    Files.writeString(etc.resolve("group"), "nixbld:x:30000:nixbld1\nusers:x:100:alice\n");
    Files.writeString(
        etc.resolve("passwd"), "nixbld1:x:30001:30000::/:/x\nalice:x:1001:30000::/:/x\n");
    BuildOwners owners = new BuildOwners(1000, etc);
    long allotted = IdPool.of(Configuration.ofHost(ProcessBytes.environment("NIX_CONFIG"))).start();
    for (long owner : new long[] {0, 1000, 30001, allotted}) {
      assertEquals(true, owners.test(owner), () -> "user " + owner);
    }
    for (long owner : new long[] {1, 1001, 30000, 30002, 65534, allotted - 1}) {
      assertEquals(false, owners.test(owner), () -> "user " + owner);
    }
    assertEquals(false, new BuildOwners(0, etc).test(1000));
  }
}
