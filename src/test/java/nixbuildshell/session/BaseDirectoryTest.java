package nixbuildshell.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.Failure;
import nixbuildshell.files.Directory;
import nixbuildshell.files.Fixture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BaseDirectoryTest {
  private final String mine = "nix-build-shell-" + Fixture.FILES.userId();

  @TempDir Path given;
  private Path temporary;

  @BeforeEach
  void resolve() throws Exception {
    temporary = given.toRealPath();
  }

  private String open(Map<String, String> environment, String workDirectory) {
    try (Sessions sessions =
        Sessions.open(
            Fixture.FILES,
            variable -> Optional.ofNullable(environment.get(variable)).map(Fixture::name),
            Optional.ofNullable(workDirectory).map(Fixture::name))) {
      return sessions.path().toString();
    }
  }

  private String open(String... environment) {
    Map<String, String> map = new java.util.HashMap<>();
    map.put("TMPDIR", temporary + "/t");
    for (int i = 0; i < environment.length; i += 2) {
      map.put(environment[i], environment[i + 1]);
    }
    return open(map, null);
  }

  private int mode(String path) throws Exception {
    try (Directory directory = Fixture.open(Path.of(path))) {
      return directory.self().status().mode();
    }
  }

  @Test
  void isWhereTheEnvironmentSays() throws Exception {
    Path home = Files.createDirectory(temporary.resolve("home"));
    String t = temporary + "/t/" + mine;
    String[][] cases = {
      {temporary + "/x/nix-build-shell", "XDG_STATE_HOME", temporary + "/x", "HOME", "" + home},
      {home + "/.local/state/nix-build-shell", "XDG_STATE_HOME", "relative", "HOME", "" + home},
      {home + "/.local/state/nix-build-shell", "XDG_STATE_HOME", "", "HOME", home + "//"},
      {t, "HOME", ""},
      {t, "HOME", temporary + "/no/such/home"},
      {t, "HOME", "/proc/1"},
      {t, "XDG_STATE_HOME", "/proc/no"},
      {t},
    };
    for (String[] each : cases) {
      assertEquals(each[0], open(java.util.Arrays.copyOfRange(each, 1, each.length)));
      assertEquals(0700, mode(each[0]));
    }
    assertFalse(Files.exists(temporary.resolve("no")));
    assertEquals(0700, mode(home + "/.local"));
    assertEquals(temporary + "/w/v/" + mine, open(Map.of("HOME", "" + home), temporary + "/w/v//"));
  }

  @Test
  void aHomeOfAnotherUserIsLeftAlone() throws Exception {
    Path home = Files.createDirectory(temporary.resolve("home"));
    if (Fixture.root()) {
      Fixture.run("chown", "30001", home.toString());
    }
    String path = open("HOME", Fixture.root() ? home.toString() : "/");
    assertEquals(temporary + "/t/" + mine, path);
    assertEquals(0, home.toFile().list().length);
  }

  @Test
  void setGroupIdIsNotInherited() throws Exception {
    Path parent = Files.createDirectory(temporary.resolve("shared"));
    Fixture.run("chmod", "2777", parent.toString());
    assertEquals(0700, mode(open(Map.of(), parent + "/sub")));
    assertEquals(0700, mode(parent + "/sub"));
  }

  @Test
  void whatAnAttackerCouldHavePreparedIsRefused() throws Exception {
    Path base = temporary.resolve(mine);
    Files.createDirectory(temporary.resolve("elsewhere"));
    Files.createSymbolicLink(base, Path.of("elsewhere"));
    refused("it is a symbolic link");
    Files.delete(base);
    Files.writeString(base, "");
    refused("it is a regular file");
    Files.delete(base);
    Files.createDirectory(base);
    Fixture.run("chmod", "0750", base.toString());
    refused("other users may enter it (mode 0750)");
    Fixture.run("chmod", "0700", base.toString());
    assertEquals(base.toString(), open(Map.of(), temporary.toString()));
    if (Fixture.root()) {
      Fixture.run("chown", "30001", base.toString());
      refused("it belongs to user 30001");
    }
  }

  private void refused(String why) {
    Failure failure = assertThrows(Failure.class, () -> open(Map.of(), temporary.toString()));
    assertTrue(failure.getMessage().contains(why), failure.getMessage());
    assertTrue(failure.getMessage().contains(temporary + "/" + mine), failure.getMessage());
    assertTrue(failure.remedy().contains("--work-dir"), failure.remedy());
  }

  @Test
  void noexecIsRefused() throws Exception {
    Path classes = Fixture.classesForAll(Files.createDirectory(temporary.resolve("java")));
    Path work = Files.createDirectory(temporary.resolve("work"));
    String script =
        "mount -t tmpfs -o noexec none "
            + work
            + "; "
            + Fixture.java(classes, SessionsMain.class)
            + " "
            + work
            + " 1 || true";
    String output = Fixture.run("unshare", Fixture.root() ? "-m" : "-rm", "sh", "-euc", script);
    assertTrue(output.contains("mounted noexec"), output);
  }

  /**
   * After sudo the variables can name another user's directories. For an ordinary user only /
   * belongs to another user.
   */
  @Test
  void nothingIsMadeInADirectoryOfAnotherUser() throws Exception {
    Path others = Files.createDirectory(temporary.resolve("others"));
    if (Fixture.FILES.userId() == 0) {
      Files.setAttribute(others, "unix:uid", 4242);
    } else {
      others = Path.of("/");
    }
    String t = temporary + "/t/" + mine;
    assertEquals(t, open("XDG_STATE_HOME", others + "/new/state"));
    assertEquals(t, open("HOME", others.toString()));
    assertFalse(Files.exists(others.resolve("new")));
    assertFalse(Files.exists(others.resolve(".local")));
  }
}
