package nixbuildshell.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Holds every file that names the version to that of pom.xml, of which nix/package.nix takes it.
 */
class VersionTest {
  private static String first(String file, String regex) throws IOException {
    Matcher matcher = Pattern.compile(regex).matcher(Files.readString(Path.of(file)));
    assertTrue(matcher.find(), file + " names no version");
    return matcher.group(1);
  }

  @Test
  void allFilesNameTheSameVersion() throws IOException {
    String version = first("pom.xml", "<version>([^<]+)</version>");
    assertEquals(version, first("share/man/man1/nix-build-shell.1", "\"nix-build-shell (\\S+)\""));
    assertEquals(version, first("hooks/manifest.sh", "hookVersion (\\S+)"));
  }
}
