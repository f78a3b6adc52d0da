package nixbuildshell.capture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reads rules of /etc, /run and /usr/lib as systemd-tmpfiles does. */
class TmpfilesRulesTest {
  private static final String KEPT = "/tmp/nix-build-a.drv-0";

  @TempDir Path root;

  private void file(String name, String... lines) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, String.join("\n", lines) + "\n");
  }

  private String thatRemove(String path) {
    List<Path> directories =
        Stream.of("etc", "run", "usr").map(root::resolve).collect(Collectors.toList());
    return new TmpfilesRules(directories)
        .thatRemove(path).stream()
            .map(line -> line.replace(root + "/", ""))
            .collect(Collectors.joining("; "));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "q /tmp 1777 root root 10d | true",
        "d /tmp/ 1777 root root 10d | true",
        "e /t?p - - - aA:10d | true",
        "D /tmp 1777 root root - | true",
        "D! /tmp | true",
        "d %T 1777 root root 1w | true",
        "\"d\" \"/tmp\" 1777 root root 1w | true",
        "R! /tmp/nix-build-* | true",
        "R /tmp/[mn]ix-build-* | true",
        "r /tmp/nix-build-a.drv-0 | true",
        "R /tmp/[!n]ix-build-* | false",
        "R /tmp/[z-a]* | false",
        "R /*/x/nix-build-* | false",
        "R /* | true",
        "R /tm | false",
        "r /tmp | false",
        "q /tmp 1777 root root - | false",
        "q /tmp 1777 root root | false",
        "q /tmp | false",
        "# q /tmp 1777 root root 10d | false",
        "d /tmp/nix-build 1777 root root 10d | false",
        "d /var/tmp 1777 root root 10d | false",
        "f /tmp/x 1777 root root 10d | false",
        "q | false",
      })
  void namesALineThatConcernsThePath(String line, boolean concerns) throws IOException {
    file("usr/tmp.conf", "", line, "x /tmp/systemd-private-%b-*", "d /run/user 0755 root root 1d");
    assertEquals(concerns ? "usr/tmp.conf: " + line : "", thatRemove(KEPT));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "q /tmp 1777 root root 10d   | PT240H",
        "q /tmp 1777 root root aA:1w2h | PT170H",
        "q /tmp 1777 root root ~90   | PT1M30S",
        "q /tmp 1777 root root 0     | PT0S",
        "q /tmp 1777 root root odd   | ''",
        "D /tmp 1777 root root 30min | PT30M at boot",
        "R! /tmp/nix-build-*         | ' at boot'",
        "q /tmp 1777 root root -     | none",
      })
  void saysWhenTheDirectoryGoes(String line, String when) throws IOException {
    file("etc/tmp.conf", line);
    assertEquals(
        when,
        new TmpfilesRules(List.of(root.resolve("etc")))
            .removal(ByteString.of(KEPT))
            .map(
                told ->
                    told.age().map(Object::toString).orElse("") + (told.atBoot() ? " at boot" : ""))
            .orElse("none"));
  }

  @Test
  void aFileReplacesItsNamesakes() throws IOException {
    file("usr/tmp.conf", "q /tmp 1777 root root 10d");
    file("run/tmp.conf", "q /tmp 1777 root root 20d");
    assertEquals("run/tmp.conf: q /tmp 1777 root root 20d", thatRemove(KEPT));
    file("etc/tmp.conf", "q /tmp 1777 root root 30d");
    assertEquals("etc/tmp.conf: q /tmp 1777 root root 30d", thatRemove(KEPT));
    Files.delete(root.resolve("etc/tmp.conf"));
    Files.createSymbolicLink(root.resolve("etc/tmp.conf"), Path.of("/dev/null"));
    assertEquals("", thatRemove(KEPT));
    // The first name has the line that counts, and only *.conf is read.
    file("usr/b.conf", "q /tmp 1777 root root 2d");
    file("etc/c.conf", "q /tmp 1777 root root 3d");
    file("etc/a", "q /tmp 1777 root root 4d");
    assertEquals("usr/b.conf: q /tmp 1777 root root 2d", thatRemove(KEPT));
  }

  /** The nearest directory with a line of its own is exempt from the lines of others. */
  @Test
  void theNearestLineCounts() throws IOException {
    String kept = "/nix/var/nix/builds/nix-1-2/build";
    file("usr/nix.conf", "d /nix/var/nix/builds 0755 root root 7d", "d /nix 0755 - - 1d");
    assertEquals("usr/nix.conf: d /nix/var/nix/builds 0755 root root 7d", thatRemove(kept));
    file("etc/nix.conf", "d /nix 0755 - - 1d", "x /nix/var/nix/builds/*");
    assertEquals("", thatRemove(kept));
    file("etc/nix.conf", "d /nix 0755 - - 1d", "d /nix/var/nix/builds 0755 root root -");
    assertEquals("", thatRemove(kept));
    file("etc/nix.conf", "d /nix 0755 - - 1d", "X /nix/var/nix/builds");
    assertEquals("etc/nix.conf: d /nix 0755 - - 1d", thatRemove(kept));
    file("etc/nix.conf", "d /nix 0755 - - 1d", "X /nix/var/nix/builds/nix-1-2/build");
    assertEquals("", thatRemove(kept));
  }
}
