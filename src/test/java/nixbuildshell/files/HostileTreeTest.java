package nixbuildshell.files;

import static nixbuildshell.files.Fixture.name;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Copies and deletes trees that an attacker makes, or changes meanwhile. */
class HostileTreeTest {
  @TempDir Path temporary;
  private Path source;
  private Path target;
  private Directory from;
  private Directory to;
  private Directory parent;

  @BeforeEach
  void open() throws Exception {
    source = Files.createDirectory(temporary.resolve("source"));
    target = Files.createDirectory(temporary.resolve("target"));
    parent = Fixture.open(temporary);
    from = Fixture.open(source);
    to = Fixture.open(target);
  }

  @AfterEach
  void close() {
    from.close();
    to.close();
    // The test framework cannot delete what lies 4,000 levels down.
    assertEquals(Optional.empty(), TreeRemoval.remove(parent, name("source")));
    assertEquals(Optional.empty(), TreeRemoval.remove(parent, name("target")));
    parent.close();
  }

  @Test
  void fourThousandLevels() throws Exception {
    int levels = 4000;
    dig(levels);
    TreeCopy.Result result = TreeCopy.plain().contents(from, to);
    assertEquals(0, result.missedInAll());
    assertEquals(2 * levels, result.files());
    assertEquals(levels, depthOf(to));
  }

  /** Makes levels with two files each, the second a link to the first. */
  private void dig(int levels) throws ErrnoException {
    Directory at = from.reopen();
    for (int i = 0; i < levels; i++) {
      at.createFile(name("a"), 0600).close();
      at.makeHardLink(name("z"), at, name("a"));
      at.makeDirectory(name("level"), 0700);
      Directory next = at.openDirectory(name("level"));
      at.close();
      at = next;
    }
    at.close();
  }

  private static int depthOf(Directory top) throws ErrnoException {
    Directory at = top.reopen();
    for (int depth = 0; ; depth++) {
      try {
        Directory next = at.openDirectory(name("level"));
        assertTrue(at.status(name("a")).same(at.status(name("z"))));
        at.close();
        at = next;
      } catch (ErrnoException e) {
        at.close();
        return depth;
      }
    }
  }

  @Test
  void aDirectoryThatIsMovedAwayMeanwhileLeadsNowhereElse() throws Exception {
    dig(200);
    Files.createDirectories(temporary.resolve("elsewhere/secret"));
    Files.createDirectory(temporary.resolve("other"));
    AtomicBoolean moved = new AtomicBoolean();
    // At level 150 the descriptors of the first levels are closed again.
    TreeCopy copy =
        new TreeCopy(
            Optional.empty(),
            (files, bytes) -> {
              if (files >= 200 && moved.compareAndSet(false, true)) {
                move();
              }
            },
            () -> false,
            "");
    TreeCopy.Result result = copy.contents(from, to);
    assertTrue(moved.get());
    assertTrue(
        result.missed().stream().anyMatch(m -> m.why().contains("moved while")),
        result.missed().toString());
    assertFalse(namesAt(20).contains("secret"));
    TreeRemoval.remove(parent, name("away"));
    TreeRemoval.remove(parent, name("other"));
  }

  private List<String> namesAt(int depth) {
    return Stream.of(target.resolve("level/".repeat(depth)).toFile().list()).sorted().toList();
  }

  /** Moves directories: ".." does not lead back from level 51, nor do names lead to level 20. */
  private void move() {
    try {
      Files.move(source.resolve("level/".repeat(51)), temporary.resolve("other/level"));
      Files.move(source.resolve("level/".repeat(20)), temporary.resolve("away"));
      Files.move(temporary.resolve("elsewhere"), source.resolve("level/".repeat(20)));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whatIsSwappedForALinkIsNeverFollowed() throws Exception {
    Path outside = Files.createDirectory(temporary.resolve("outside"));
    Files.writeString(outside.resolve("secret"), "secret");
    Files.writeString(temporary.resolve("secretfile"), "secret");
    Files.createDirectory(source.resolve("dir"));
    Files.writeString(source.resolve("dir/secret"), "harmless");
    Files.writeString(source.resolve("file"), "harmless");
    from.makeLink(name("dirlink"), name("../outside"));
    from.makeLink(name("filelink"), name("../secretfile"));
    Process swapper = swap();
    int swapped = 0;
    try {
      for (int i = 0; i < 300 || (swapped == 0 && i < 10_000); i++) {
        to.makeDirectory(name("t" + i), 0700);
        try (Directory each = to.openDirectory(name("t" + i))) {
          TreeCopy.plain().contents(from, each);
          swapped += swapped(each, target.resolve("t" + i));
        }
      }
    } finally {
      swapper.destroyForcibly().waitFor();
    }
    assertTrue(swapped > 0, "no swap was ever seen, so nothing was tested");
    assertEquals("secret", Files.readString(outside.resolve("secret")));
    TreeRemoval.remove(parent, name("outside"));
  }

  private static int swapped(Directory each, Path path) throws Exception {
    int swapped = 0;
    for (String file : new String[] {"dir", "dirlink"}) {
      swapped += check(each, file, path.resolve(file).resolve("secret"));
    }
    for (String file : new String[] {"file", "filelink"}) {
      swapped += check(each, file, path.resolve(file));
    }
    return swapped;
  }

  /** Returns 1 when the entry was copied as the other of the two. */
  private static int check(Directory in, String entry, Path file) throws Exception {
    FileType type;
    try {
      type = in.status(name(entry)).type();
    } catch (ErrnoException e) {
      return 0;
    }
    if (type == FileType.LINK) {
      return entry.endsWith("link") ? 0 : 1;
    }
    if (Files.exists(file)) {
      assertEquals("harmless", Files.readString(file));
    }
    return entry.endsWith("link") ? 1 : 0;
  }

  /** Exchanges each file and its link (RENAME_EXCHANGE) as fast as possible. */
  private Process swap() throws IOException {
    String program =
        """
        import ctypes, os, sys
        os.chdir(sys.argv[1])
        libc = ctypes.CDLL(None)
        while True:
            libc.renameat2(-100, b'dir', -100, b'dirlink', 2)
            libc.renameat2(-100, b'file', -100, b'filelink', 2)
        """;
    return new ProcessBuilder("python3", "-c", program, source.toString()).inheritIO().start();
  }

  @Test
  void filesThatGrowShrinkAndVanishWhileTheyAreRead() throws Exception {
    String program =
        """
        import os, sys
        os.chdir(sys.argv[1])
        block = b'x' * 1000000
        while True:
            for i in range(8):
                f = open('f%d' % i, 'wb')
                f.write(block * 3)
                f.flush()
                f.truncate(10)
                f.write(block)
                f.close()
                os.unlink('f%d' % ((i + 4) % 8)) if os.path.exists('f%d' % ((i + 4) % 8)) else None
        """;
    Process changer =
        new ProcessBuilder("python3", "-c", program, source.toString()).inheritIO().start();
    try {
      for (int i = 0; i < 60; i++) {
        to.makeDirectory(name("t" + i), 0700);
        try (Directory each = to.openDirectory(name("t" + i))) {
          TreeCopy.plain().contents(from, each);
        }
        TreeRemoval.remove(to, name("t" + i));
      }
    } finally {
      changer.destroyForcibly().waitFor();
    }
  }

  @Test
  void aFileThatIsAppendedToForeverComesToAnEnd() throws Exception {
    Path file = source.resolve("log");
    Files.write(file, new byte[30_000_000]);
    AtomicBoolean over = new AtomicBoolean();
    try (RandomAccessFile log = new RandomAccessFile(file.toFile(), "rw")) {
      TreeCopy copy =
          new TreeCopy(
              Optional.empty(),
              (files, bytes) -> {
                try {
                  log.seek(log.length());
                  log.write(new byte[20_000_000]);
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              },
              over::get,
              "");
      assertEquals(30_000_000, copy.contents(from, to).bytes());
    }
    assertEquals(30_000_000, Files.size(target.resolve("log")));
  }
}
