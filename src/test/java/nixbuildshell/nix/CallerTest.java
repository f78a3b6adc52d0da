package nixbuildshell.nix;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CallerTest {
  @TempDir Path etc;

  @Test
  void buildOwnersAreTheUsersThatNixBuildsAsAndTheCaller() throws IOException {
    Files.writeString(etc.resolve("group"), "nixbld:x:30000:nixbld1\nusers:x:100:alice\n");
    Files.writeString(
        etc.resolve("passwd"), "nixbld1:x:30001:30000::/:/x\nalice:x:1001:30000::/:/x\n");
    Files.writeString(
        Files.createDirectory(etc.resolve("nix")).resolve("nix.conf"), "start-id = 1000000\n");
    LongPredicate owners = caller(1000).buildOwners();
    for (long owner : new long[] {0, 1000, 30001, 1_000_000, 9_388_607}) {
      assertEquals(true, owners.test(owner), () -> "user " + owner);
    }
    for (long owner : new long[] {1, 1001, 30000, 30002, 65534, 999_999, 9_388_608}) {
      assertEquals(false, owners.test(owner), () -> "user " + owner);
    }
    assertEquals(false, caller(0).buildOwners().test(1000));
  }

  /** Root's own subuids are another program's, and so are those of any other user. */
  @Test
  void buildUsersOfADaemonWithoutRootAreItsSubuids() throws IOException {
    Files.writeString(etc.resolve("passwd"), "nix:x:990:990::/:/x\nalice:x:1001:100::/:/x\n");
    Files.writeString(
        etc.resolve("subuid"),
        "root:10000:10\nnix:100000:65536\n990:300000:1\nalice:200000:65536\nnix:x:1\nnix:5\n");
    LongPredicate owners = caller(1000, 990).buildOwners();
    for (long owner : new long[] {990, 100_000, 165_535, 300_000}) {
      assertEquals(true, owners.test(owner), () -> "user " + owner);
      assertEquals(false, caller(1000).buildOwners().test(owner), () -> "user " + owner);
    }
    for (long owner : new long[] {1, 5, 1001, 10_000, 99_999, 165_536, 200_000, 300_001}) {
      assertEquals(false, owners.test(owner), () -> "user " + owner);
    }
    assertEquals(false, caller(1000).buildOwners().test(10_000));
  }

  private Caller caller(long uid) {
    return caller(uid, 0);
  }

  private Caller caller(long uid, long storeOwner) {
    return Caller.of(Map.of(), Set.of(), etc, uid, 100, storeOwner);
  }
}
