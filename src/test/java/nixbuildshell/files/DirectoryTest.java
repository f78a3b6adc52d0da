package nixbuildshell.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.SystemCalls;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryTest {
  @TempDir Path temporary;
  private FileSystem files;
  private Directory directory;

  @BeforeEach
  void open() throws ErrnoException {
    files = new FileSystem(new SystemCalls(Kernels.best(Optional::empty)));
    directory = files.openDirectory(ByteString.of(temporary.toString()));
  }

  @AfterEach
  void close() {
    directory.close();
  }

  private static ByteString name(String text) {
    return ByteString.of(text);
  }

  @Test
  void statusIsWhatTheJdkSees() throws Exception {
    Path file = Files.writeString(temporary.resolve("file"), "12345");
    Files.createLink(temporary.resolve("second"), file);
    directory.setMode(name("file"), 01640);
    Files.setLastModifiedTime(file, FileTime.fromMillis(-5000));
    Status status = directory.status(name("file"));
    Map<String, Object> unix = Files.readAttributes(file, "unix:*", LinkOption.NOFOLLOW_LINKS);
    assertEquals(FileType.REGULAR, status.type());
    assertEquals(01640, status.mode());
    assertEquals(((Integer) unix.get("uid")).longValue(), status.uid());
    assertEquals(((Integer) unix.get("gid")).longValue(), status.gid());
    assertEquals(2, status.links());
    assertEquals(5, status.size());
    assertEquals(unix.get("ino"), status.inode());
    assertEquals(new Status.Time(-5, 0), status.modified());
    FileTime changed = (FileTime) unix.get("ctime");
    assertEquals(changed.toInstant().getEpochSecond(), status.changed().seconds());
    assertEquals(changed.toInstant().getNano(), status.changed().nanoseconds());
    assertTrue(status.same(directory.status(name("second"))));
    assertFalse(status.same(directory.self().status()));
  }

  @Test
  void listsEveryNameAsTheBytesThatItIs() throws Exception {
    Set<ByteString> names = new HashSet<>();
    for (int i = 0; i < 700; i++) {
      names.add(ByteString.of("entry-" + i));
    }
    names.add(ByteString.of(new byte[] {(byte) 0xff, 'a', '\n', (byte) 0xc3}));
    names.add(ByteString.of("x".repeat(255)));
    names.add(name("..."));
    names.add(name(".hidden"));
    for (ByteString each : names) {
      directory.createFile(each, 0600).close();
    }
    Listing listing = new Listing(512);
    Set<ByteString> listed = new HashSet<>();
    while (true) {
      // The listing must remember its position: each time the directory is opened again.
      try (Directory again = directory.reopen()) {
        Optional<Listing.Entry> entry = listing.next(again);
        if (entry.isEmpty()) {
          break;
        }
        assertTrue(listed.add(entry.get().name()), "twice: " + entry.get().name());
      }
    }
    assertEquals(names, listed);
  }

  @Test
  void followsNoLink() throws Exception {
    Files.createDirectory(temporary.resolve("real"));
    Files.writeString(temporary.resolve("real/file"), "x");
    directory.makeLink(name("dir"), name("real"));
    directory.makeLink(name("file"), name("real/file"));
    assertTrue(
        assertThrows(ErrnoException.class, () -> directory.openDirectory(name("dir")))
            .notDirectory());
    assertThrows(ErrnoException.class, () -> directory.openFile(name("file")));
    assertThrows(ErrnoException.class, () -> directory.openFileToWrite(name("file")));
    assertThrows(ErrnoException.class, () -> directory.openOrCreateFile(name("file"), 0600));
    assertThrows(ErrnoException.class, () -> directory.createFile(name("file"), 0600));
    Status before = directory.status(name("real"));
    assertThrows(ErrnoException.class, () -> directory.setMode(name("dir"), 0));
    directory.setTimes(name("dir"), directory.status(name("file")));
    assertEquals(before, directory.status(name("real")));
    assertEquals(name("real/file"), directory.readLink(name("file")));
  }

  @Test
  void setsTheModeOfWhatCannotBeOpened() throws Exception {
    directory.makeFifo(name("fifo"), 0);
    directory.makeDirectory(name("shut"), 0);
    directory.setMode(name("fifo"), 0622);
    directory.setMode(name("shut"), 01777);
    assertEquals(0622, directory.status(name("fifo")).mode());
    assertEquals(01777, directory.status(name("shut")).mode());
  }

  @Test
  void aLockHasOneHolder() throws Exception {
    Descriptor one = directory.openOrCreateFile(name("lock"), 0600);
    try (Descriptor two = directory.openFileToWrite(name("lock"))) {
      one.lock();
      assertFalse(two.tryLock());
      one.close();
      assertTrue(two.tryLock());
    }
  }

  @Test
  void opensThePathThatThePersonMeans() throws Exception {
    Files.createDirectories(temporary.resolve("a/b"));
    directory.makeLink(name("link"), name("a"));
    try (Directory opened = UserPath.openDirectory(files, name(temporary + "/link/"))) {
      assertEquals(temporary.toRealPath() + "/a", opened.place().toString());
    }
    Files.writeString(temporary.resolve("file"), "");
    directory.makeFifo(name("fifo"), 0600);
    String[][] refused = {
      {"", "ENOENT"},
      {temporary + "/missing", "ENOENT"},
      {temporary + "/file", "ENOTDIR"},
      {temporary + "/fifo", "ENOTDIR"},
      {"/" + "x".repeat(300), "ENAMETOOLONG"},
      {"/x".repeat(9000), "ENAMETOOLONG"},
    };
    for (String[] each : refused) {
      Failure failure =
          assertThrows(Failure.class, () -> UserPath.openDirectory(files, name(each[0])));
      assertTrue(failure.getMessage().contains(each[1]), failure.getMessage());
      assertTrue(failure.getMessage().contains(each[0]), failure.getMessage());
    }
    try (Directory empty = UserPath.openDirectory(files, name(temporary + "/a/b"))) {
      assertEquals(temporary.toRealPath() + "/a/b", empty.place().toString());
    }
    try (Directory here = UserPath.openDirectory(files, name("."))) {
      assertEquals(Path.of("").toRealPath().toString(), here.place().toString());
    }
  }
}
