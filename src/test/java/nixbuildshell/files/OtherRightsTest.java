package nixbuildshell.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Copies unreadable files, and to a full file system, with other rights. Root can read every file,
 * so for root this starts a Java as the user nobody.
 */
class OtherRightsTest {
  @TempDir Path temporary;
  private Path classes;

  @BeforeEach
  void prepare() throws Exception {
    classes = Fixture.classesForAll(temporary);
  }

  private static String asNobody(String command) {
    return Fixture.root()
        ? "setpriv --reuid 65534 --regid 65534 --clear-groups " + command
        : command;
  }

  private static String shell(String... lines) throws Exception {
    return Fixture.run("sh", "-euc", String.join("\n", lines));
  }

  /** Returns the output without the JVM's own messages, about native access for instance. */
  private static String[] sorted(String output) {
    String[] lines =
        output
            .lines()
            .filter(l -> l.matches("(missed|files|failure|left|removed).*"))
            .toArray(String[]::new);
    Arrays.sort(lines);
    return lines;
  }

  @Test
  void whatCannotBeReadIsListedAndTheRestIsCopied() throws Exception {
    String output =
        shell(
            "umask 022",
            "cd " + temporary,
            "mkdir -m 755 source; mkdir -m 777 target",
            Fixture.root() ? "chown 65534 target" : "",
            "cd source",
            "mkdir shut unsearchable good; echo x >shut/x; echo x >unsearchable/x; echo x >good/x",
            "echo x >secret; ln secret secret2; echo x >readable",
            "chmod 000 secret shut; chmod 444 unsearchable",
            asNobody(Fixture.java(classes, CopyMain.class))
                + " "
                + temporary
                + "/source "
                + temporary
                + "/target",
            "cd ../target",
            "stat -c '%A %n' good shut unsearchable | sed 's/^/files /'",
            "cat good/x readable",
            "chmod 700 ../source/shut ../source/unsearchable shut unsearchable");
    String denied = ": EACCES (permission denied)";
    assertEquals(
        String.join(
            "\n",
            "files 2 bytes 4",
            "files d--------- shut",
            "files dr--r--r-- unsearchable",
            "files drwxr-xr-x good",
            "missed secret2" + denied,
            "missed secret" + denied,
            "missed shut" + denied,
            "missed unsearchable/x" + denied),
        String.join("\n", sorted(output)));
    assertTrue(output.contains("x\nx\n"));
  }

  @Test
  void directoriesThatAreShutAreRemoved() throws Exception {
    String output =
        shell(
            "cd " + temporary,
            "mkdir -m 777 base",
            asNobody(
                "sh -c 'mkdir -p base/tree/work/work base/tree/ro; echo >base/tree/ro/x; chmod 000"
                    + " base/tree/work/work; chmod 500 base/tree/ro; chmod 400 base/tree'"),
            asNobody(Fixture.java(classes, RemovalMain.class)) + " " + temporary + "/base tree",
            "ls base | sed 's/^/left in base: /'");
    assertEquals("removed", String.join("\n", sorted(output)));
  }

  @Test
  void aFullFileSystemEndsTheCopyWithTheRemedy() throws Exception {
    String script =
        String.join(
            "\n",
            "mkdir " + temporary + "/source " + temporary + "/target",
            "cd " + temporary + "/source",
            "echo small >a; head -c 3000000 /dev/zero | tr '\\0' x >big",
            "mount -t tmpfs -o size=1m none ../target",
            Fixture.java(classes, CopyMain.class)
                + " "
                + temporary
                + "/source "
                + temporary
                + "/target",
            "umount ../target; mount -t tmpfs -o nr_inodes=3 none ../target; rm big; echo >b; echo"
                + " >c",
            Fixture.java(classes, CopyMain.class)
                + " "
                + temporary
                + "/source "
                + temporary
                + "/target");
    String output =
        Fixture.root()
            ? Fixture.run("unshare", "-m", "sh", "-euc", script)
            : Fixture.run("unshare", "-rm", "sh", "-euc", script);
    String[] lines = sorted(output);
    assertEquals(2, lines.length, output);
    for (String line : lines) {
      assertTrue(line.startsWith("failure cannot copy " + temporary + "/source/"), line);
      assertTrue(line.contains(" to " + temporary + "/target: "), line);
      assertTrue(line.contains("ENOSPC (no space left on device)"), line);
      assertTrue(line.endsWith("; the remedy"), line);
    }
    assertTrue(output.contains("/source/big to "), output);
  }
}
