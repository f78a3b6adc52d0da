package nixbuildshell.files;

import static nixbuildshell.files.Fixture.name;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import nixbuildshell.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeRemovalTest {
  @TempDir Path temporary;

  @Test
  void removesLinksNotWhatTheyLeadTo() throws Exception {
    Path outside = Files.createDirectories(temporary.resolve("outside/kept"));
    Files.createDirectories(temporary.resolve("tree/a"));
    try (Directory parent = Fixture.open(temporary);
        Directory a = Fixture.open(temporary.resolve("tree/a"))) {
      a.makeLink(name("link"), name("../../outside"));
      a.makeFifo(name("fifo"), 0);
      a.createFile(ByteString.of(new byte[] {(byte) 0xff, '\n'}), 0).close();
      parent.makeLink(name("toplink"), name("outside"));
      assertEquals(Optional.empty(), TreeRemoval.remove(parent, name("tree")));
      assertEquals(Optional.empty(), TreeRemoval.remove(parent, name("toplink")));
      assertEquals(Optional.empty(), TreeRemoval.remove(parent, name("not there")));
    }
    assertEquals(List.of("outside"), List.of(temporary.toFile().list()));
    assertTrue(Files.exists(outside));
  }

  @Test
  void removesManyEntriesOfOneDirectory() throws Exception {
    Path tree = Files.createDirectories(temporary.resolve("tree/wide"));
    for (int i = 0; i < 3000; i++) {
      Files.writeString(tree.resolve("file with a longer name " + i), "");
    }
    try (Directory parent = Fixture.open(temporary)) {
      assertEquals(Optional.empty(), TreeRemoval.remove(parent, name("tree")));
    }
    assertFalse(Files.exists(temporary.resolve("tree")));
  }

  @Test
  void severalAtOnceAreNoError() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (Directory parent = Fixture.open(temporary)) {
      for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 20; i++) {
          Path directory = Files.createDirectories(temporary.resolve("tree/a" + i + "/b/c"));
          Files.writeString(directory.resolve("f"), "");
          Files.writeString(directory.resolveSibling("f"), "");
        }
        List<Future<Optional<TreeRemoval.Leftover>>> results = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          results.add(threads.submit(() -> TreeRemoval.remove(parent, name("tree"))));
        }
        for (Future<Optional<TreeRemoval.Leftover>> each : results) {
          assertEquals(Optional.empty(), each.get());
        }
        assertFalse(Files.exists(temporary.resolve("tree")));
      }
    } finally {
      threads.shutdown();
    }
  }
}
