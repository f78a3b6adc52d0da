package nixbuildshell.capture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.files.FileContent;
import nixbuildshell.files.Fixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Opens directories in each layout of Nix and Lix. */
class KeptDirectoryTest {
  private static final String LIX = "0123456789abcdfghijklmnpqr";

  @TempDir Path root;

  /**
   * Makes a file, or a directory whose name ends in a slash, opens the directory, and returns the
   * kept directory's layout in words.
   */
  private String layout(String file, String opened) throws IOException {
    Path made = root.resolve(file);
    if (file.endsWith("/")) {
      Files.createDirectories(made);
    } else {
      Files.createDirectories(made.getParent());
      Files.writeString(made, "");
    }
    try (KeptDirectory kept = open(opened)) {
      String path = root.toRealPath().relativize(Path.of(kept.path().toString())).toString();
      return path + (kept.isOfLix() ? " Lix" : kept.isNested() ? " nested" : " flat");
    }
  }

  private KeptDirectory open(String name) {
    return KeptDirectory.open(Fixture.FILES, ByteString.of(root.resolve(name).toString()));
  }

  @ParameterizedTest
  @CsvSource({
    "nix-build-a.drv-0/file, nix-build-a.drv-0, nix-build-a.drv-0 flat",
    "nix-build-a.drv-0/build/file, nix-build-a.drv-0, nix-build-a.drv-0/build nested",
    "nix-build-a.drv-0/build/file, nix-build-a.drv-0/build, nix-build-a.drv-0/build nested",
    "builds/nix-build-a.drv-17-0/build/f, builds/nix-build-a.drv-17-0, "
        + "builds/nix-build-a.drv-17-0/build nested",
    "builds/nix-7-8/build/file, builds/nix-7-8, builds/nix-7-8/build nested",
    "moved/build/file, moved, moved/build nested",
    "build/file, build, build flat",
    "b/" + LIX + "/b/file, b/" + LIX + ", b/" + LIX + "/b Lix",
    "b/" + LIX + "/b/file, b/" + LIX + "/b, b/" + LIX + "/b Lix",
    "b/" + LIX + "/build/file, b/" + LIX + ", b/" + LIX + " flat",
    "nix-7-8/b/file, nix-7-8, nix-7-8 flat",
    "moved/b/file, moved, moved flat",
    "nix-build-a.drv-0/, nix-build-a.drv-0, nix-build-a.drv-0 flat",
    "nix-7-8/build/, nix-7-8, nix-7-8/build nested",
    "nix-7-8/build/, nix-7-8/build, nix-7-8/build nested",
  })
  void knowsEachLayout(String file, String opened, String expected) throws IOException {
    assertEquals(expected, layout(file, opened));
  }

  @Test
  void anExternalBuildersFileMayStandBesideIt() throws IOException {
    for (String outer : new String[] {"nix-7-8", "nix-build-a.drv-0", "moved"}) {
      Path directory = Files.createDirectories(root.resolve(outer));
      Files.writeString(directory.resolve("build.json"), "{}");
      String path = outer.equals("nix-7-8") ? "nix-7-8/build nested" : outer + " flat";
      assertEquals(path, layout(outer + "/build/file", outer));
    }
    for (String given : new String[] {"nix-7-8", "nix-7-8/build"}) {
      try (KeptDirectory kept = open(given)) {
        FileContent content = kept.readBeside("build.json", 10);
        assertArrayEquals(
            new byte[] {'{', '}'}, assertInstanceOf(FileContent.Bytes.class, content).bytes());
        assertInstanceOf(FileContent.TooLarge.class, kept.readBeside("build.json", 1));
      }
    }
    for (String given : new String[] {"nix-build-a.drv-0", "nix-build-a.drv-0/build"}) {
      try (KeptDirectory kept = open(given)) {
        assertInstanceOf(FileContent.Missing.class, kept.readBeside("build.json", 10));
      }
    }
    Files.writeString(root.resolve("nix-7-8/more"), "");
    assertEquals("nix-7-8 flat", layout("nix-7-8/build/file", "nix-7-8"));
  }

  @Test
  void theTimesBearTheWorkerOnlyWhereTheNameDoes() throws IOException {
    layout("nix-7-8/build/file", "nix-7-8");
    layout(LIX + "/b/file", LIX);
    try (KeptDirectory nix = open("nix-7-8");
        KeptDirectory lix = open(LIX)) {
      assertEquals(Optional.of(7L), nix.times().worker());
      assertEquals(Optional.empty(), lix.times().worker());
      assertEquals(Optional.empty(), lix.times().derivation());
    }
  }

  @Test
  void aStateWithoutTheManifestThatIsWrittenLastIsNone() throws IOException {
    Path own = Files.createDirectories(root.resolve("nix-build-a.drv-0/.nix-build-shell"));
    Files.writeString(own.resolve("state.bash"), "declare -- half=");
    try (KeptDirectory kept = open("nix-build-a.drv-0")) {
      assertInstanceOf(FileContent.Missing.class, kept.state());
      Files.writeString(own.resolve("manifest.json"), "{");
      assertInstanceOf(FileContent.TooLarge.class, kept.state());
    }
  }
}
