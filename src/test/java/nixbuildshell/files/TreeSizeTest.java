package nixbuildshell.files;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeSizeTest {
  @TempDir Path root;

  @Test
  void isThatOfDu() throws Exception {
    Files.createDirectories(root.resolve("a/b"));
    Files.write(root.resolve("a/file"), new byte[100_000]);
    Files.createLink(root.resolve("a/b/again"), root.resolve("a/file"));
    Files.createSymbolicLink(root.resolve("away"), Path.of("/usr"));
    try (Directory directory = Fixture.open(root)) {
      String du = Fixture.run("du", "-s", "-B1", root.toString()).split("\t")[0];
      assertEquals(new TreeSize(Long.parseLong(du), true), TreeSize.of(directory));
    }
  }
}
