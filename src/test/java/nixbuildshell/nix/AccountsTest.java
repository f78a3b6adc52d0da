package nixbuildshell.nix;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AccountsTest {
  @TempDir Path etc;

  @ParameterizedTest
  @CsvSource({
    "alice:x:1001:1002:Alice:/home/alice:/bin/sh, 1002",
    "bob:x:1002:1001::/:/bin/sh;alice:x:1001:7::/:/bin/sh;twin:x:1001:8::/:/bin/sh, 7",
    "alice:x:01001:7::/:/bin/sh,",
    "alice:x:1001::::,",
    "alice:x:1001,",
    "+:::::;:::;;bob:x:1001:x::/:;alice:x:1001:9::/:, 9",
    "alice:x:1001:99999999999999999999::/:,",
    "bob:x:11001:7::/:,",
  })
  void findsThePrimaryGroup(String passwd, Long gid) throws IOException {
    Files.writeString(etc.resolve("passwd"), passwd.replace(';', '\n') + "\n");
    assertEquals(Optional.ofNullable(gid), new Accounts(etc).primaryGroup(1001));
  }

  @ParameterizedTest
  @CsvSource({
    "99, , ",
    "100, , user it",
    "199, , user it",
    "200, , ",
    ", 99, ",
    ", 100, group it",
    ", 199, group it",
    ", 200, ",
    "x150, 99999999999, ",
  })
  void findsAnAccountOfARange(String uid, String gid, String who) throws IOException {
    Files.writeString(etc.resolve("passwd"), "root:x:0:150::/:\n\nit:x:" + uid + ":150::/:\nx:x");
    Files.writeString(etc.resolve("group"), "root:x:0:150\n\nit:x:" + gid + ":");
    assertEquals(Optional.ofNullable(who), new Accounts(etc).within(100, 100));
  }

  @Test
  void hasNobodyWithoutTheFile() {
    assertEquals(Optional.empty(), new Accounts(etc).primaryGroup(1001));
    assertEquals(Optional.empty(), new Accounts(etc).buildUsers());
  }

  @Test
  void findsTheBuildUsers() throws IOException {
    Files.writeString(etc.resolve("group"), "root:x:0:\nnixbld:x:995:n1,n2,root\n");
    Files.writeString(
        etc.resolve("passwd"),
        "root:x:0:0::/:/bin/sh\nn1:x:31:995::/:\nn3:x:33:995::/:\nn2:x:32:995::/:\n");
    assertEquals(
        Optional.of(new Accounts.BuildUsers(995, List.of(31L, 32L))),
        new Accounts(etc).buildUsers());
    Files.writeString(etc.resolve("group"), "nixbld:x:995:\n");
    assertEquals(
        Optional.of(new Accounts.BuildUsers(995, List.of())), new Accounts(etc).buildUsers());
  }
}
