package nixbuildshell.files;

import static nixbuildshell.files.Fixture.name;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TreeCopyTest {
  @TempDir Path temporary;
  private Path source;
  private Path target;
  private Directory from;
  private Directory to;

  @BeforeEach
  void open() throws Exception {
    source = Files.createDirectory(temporary.resolve("source"));
    target = Files.createDirectory(temporary.resolve("target"));
    from = Fixture.open(source);
    to = Fixture.open(target);
  }

  @AfterEach
  void close() throws Exception {
    from.close();
    to.close();
    Fixture.run("chmod", "-R", "u+rwX", temporary.toString());
  }

  private TreeCopy.Result copy() {
    return TreeCopy.plain().contents(from, to);
  }

  private static FileTime time(String text) {
    return FileTime.from(Instant.parse(text));
  }

  @Test
  void keepsContentsModesAndTimes() throws Exception {
    Random random = new Random(7);
    int[] sizes = {0, 1, 4095, 4096, 4097, 300_000, 40_000_000};
    for (int size : sizes) {
      byte[] bytes = new byte[size];
      random.nextBytes(bytes);
      Files.write(source.resolve("f" + size), bytes);
      from.setMode(name("f" + size), size % 01000);
      Files.setLastModifiedTime(source.resolve("f" + size), time("1970-01-01T00:00:01.123456789Z"));
    }
    Files.createDirectories(source.resolve("d/e"));
    Files.writeString(source.resolve("d/e/x"), "x");
    Files.setLastModifiedTime(source.resolve("d/e"), time("2001-02-03T04:05:06.000000007Z"));
    Files.setLastModifiedTime(source.resolve("d"), time("2011-02-03T04:05:06.000000007Z"));
    Files.setLastModifiedTime(source, time("2021-02-03T04:05:06.000000007Z"));
    Status before = from.status(name("d"));
    TreeCopy.Result result = copy();
    assertEquals(List.of(), result.missed());
    assertEquals(sizes.length + 1, result.files());
    assertEquals(40_312_290, result.bytes());
    for (int size : sizes) {
      Status one = from.status(name("f" + size));
      Status two = to.status(name("f" + size));
      assertEquals(one.mode(), two.mode());
      assertEquals(one.modified(), two.modified());
      from.setMode(name("f" + size), 0600);
      to.setMode(name("f" + size), 0600);
      assertArrayEquals(
          Files.readAllBytes(source.resolve("f" + size)),
          Files.readAllBytes(target.resolve("f" + size)));
    }
    for (String each : new String[] {"", "d", "d/e", "d/e/x"}) {
      assertEquals(
          Files.getLastModifiedTime(source.resolve(each)),
          Files.getLastModifiedTime(target.resolve(each)),
          each);
    }
    assertEquals(before, from.status(name("d")), "the source was touched");
    assertEquals(before.accessed(), to.status(name("d")).accessed());
  }

  @Test
  void keepsLinksAsTheyAre() throws Exception {
    ByteString odd = ByteString.of(new byte[] {'/', (byte) 0xff, '.', '.', '/', (byte) 0x80});
    from.makeLink(name("odd"), odd);
    from.makeLink(name("out"), name("../../../no/passwd"));
    from.makeLink(name("dir"), name("/no/such"));
    from.makeLink(name("long"), name("y".repeat(4000)));
    Files.setAttribute(source, "lastModifiedTime", time("2001-01-01T00:00:00Z"));
    from.setTimes(name("odd"), from.self().status());
    assertEquals(4, copy().files());
    assertEquals(odd, to.readLink(name("odd")));
    assertEquals(name("../../../no/passwd"), to.readLink(name("out")));
    assertEquals(name("/no/such"), to.readLink(name("dir")));
    assertEquals(name("y".repeat(4000)), to.readLink(name("long")));
    assertEquals(from.status(name("odd")).modified(), to.status(name("odd")).modified());
  }

  @Test
  void keepsHardLinksWithinTheTreeAndMakesNoneOutOfIt() throws Exception {
    Path outside = Files.writeString(temporary.resolve("outside"), "secret");
    Files.createLink(source.resolve("in"), outside);
    Files.createDirectories(source.resolve("a/b/c"));
    Files.createDirectories(source.resolve("z"));
    Files.writeString(source.resolve("a/b/c/one"), "1");
    for (String each : new String[] {"two", "a/two", "z/two", "a/b/two"}) {
      Files.createLink(source.resolve(each), source.resolve("a/b/c/one"));
    }
    from.makeLink(name("link"), name("x"));
    from.makeHardLink(name("link2"), from, name("link"));
    copy();
    Object inode = Files.getAttribute(target.resolve("a/b/c/one"), "unix:ino");
    for (String each : new String[] {"two", "a/two", "z/two", "a/b/two"}) {
      assertEquals(inode, Files.getAttribute(target.resolve(each), "unix:ino"), each);
    }
    assertEquals(5, Files.getAttribute(target.resolve("two"), "unix:nlink"));
    assertTrue(to.status(name("link")).same(to.status(name("link2"))));
    assertEquals(1, to.status(name("in")).links());
    assertEquals(2, Files.getAttribute(outside, "unix:nlink"));
  }

  @Test
  void dropsSetIdBitsAndKeepsTheStickyOne() throws Exception {
    Files.writeString(source.resolve("file"), "x");
    Files.createDirectory(source.resolve("dir"));
    from.setMode(name("file"), 06755);
    from.setMode(name("dir"), 07777);
    to.self().setMode(02755);
    copy();
    assertEquals(06755, from.status(name("file")).mode(), "the case is none");
    assertEquals(0755, to.status(name("file")).mode());
    assertEquals(01777, to.status(name("dir")).mode());
  }

  @Test
  void fillsDirectoriesThatAreShut() throws Exception {
    for (int mode : new int[] {0500, 0400, 0100, 0}) {
      Path directory = Files.createDirectory(source.resolve("d" + mode));
      Files.writeString(directory.resolve("x"), "x");
      // For an ordinary user the last three are shut in the source too: see OtherRightsTest.
      from.setMode(name("d" + mode), Fixture.root() ? mode : 0500);
    }
    assertEquals(List.of(), copy().missed());
    for (int mode : new int[] {0500, 0400, 0100, 0}) {
      assertEquals(Fixture.root() ? mode : 0500, to.status(name("d" + mode)).mode());
      to.setMode(name("d" + mode), 0700);
      assertEquals("x", Files.readString(target.resolve("d" + mode + "/x")));
    }
  }

  @Test
  void keepsHoles() throws Exception {
    try (RandomAccessFile file = new RandomAccessFile(source.resolve("holes").toFile(), "rw")) {
      file.seek(5 << 20);
      file.write("middle".getBytes());
      file.setLength(1L << 30);
    }
    try (RandomAccessFile file = new RandomAccessFile(source.resolve("hole").toFile(), "rw")) {
      file.setLength(3L << 30);
    }
    try (RandomAccessFile file = new RandomAccessFile(source.resolve("tail").toFile(), "rw")) {
      file.seek((1 << 20) + 3);
      file.write("end".getBytes());
    }
    copy();
    for (String each : new String[] {"holes", "hole", "tail"}) {
      assertEquals(from.status(name(each)).size(), to.status(name(each)).size(), each);
      assertTrue(to.status(name(each)).blocks() <= 16, each);
    }
    assertEquals(-1, Files.mismatch(source.resolve("holes"), target.resolve("holes")));
    assertEquals(-1, Files.mismatch(source.resolve("tail"), target.resolve("tail")));
  }

  @Test
  void makesFifosAnewAndListsSocketsAndDevices() throws Exception {
    from.makeFifo(name("fifo"), 0);
    from.setMode(name("fifo"), 0622);
    from.makeHardLink(name("fifo2"), from, name("fifo"));
    Fixture.run(
        "python3",
        "-c",
        "import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])",
        source + "/socket");
    if (Fixture.root()) {
      Fixture.run("mknod", source + "/null", "c", "1", "3");
    }
    TreeCopy.Result result = copy();
    assertEquals(FileType.FIFO, to.status(name("fifo")).type());
    assertEquals(0622, to.status(name("fifo")).mode());
    assertTrue(to.status(name("fifo")).same(to.status(name("fifo2"))));
    assertEquals(from.status(name("fifo")).modified(), to.status(name("fifo")).modified());
    assertTrue(result.missed().contains(new TreeCopy.Missed(name("socket"), "a socket")));
    assertEquals(
        Fixture.root(),
        result.missed().contains(new TreeCopy.Missed(name("null"), "a character device")));
    assertFalse(Files.exists(target.resolve("null"), LinkOption.NOFOLLOW_LINKS));
    assertFalse(Files.exists(target.resolve("socket"), LinkOption.NOFOLLOW_LINKS));
  }

  @Test
  void namesAreBytes() throws Exception {
    ByteString dir = ByteString.of(new byte[] {(byte) 0xfe, 'd'});
    ByteString file = ByteString.of(new byte[] {'\n', (byte) 0xc3, '"', '\\', ' ', 0x1b});
    ByteString longest = ByteString.of("ä".repeat(127) + "x");
    from.makeDirectory(dir, 0755);
    try (Directory in = from.openDirectory(dir)) {
      in.createFile(file, 0600).close();
      in.createFile(longest, 0600).close();
    }
    copy();
    try (Directory in = to.openDirectory(dir)) {
      assertEquals(0600, in.status(file).mode());
      assertEquals(0600, in.status(longest).mode());
    }
  }

  @Test
  void givesTheCopyToItsOwner() throws Exception {
    Files.createDirectory(source.resolve("d"));
    Files.writeString(source.resolve("d/f"), "x");
    from.makeLink(name("l"), name("/no/such/passwd"));
    from.makeFifo(name("p"), 0600);
    Status self = from.self().status();
    Owner owner = Fixture.root() ? new Owner(30001, 30000) : new Owner(self.uid(), self.gid());
    new TreeCopy(Optional.of(owner), (f, b) -> {}, () -> false, "").contents(from, to);
    for (String each : new String[] {"d", "d/f", "l", "p"}) {
      assertEquals(owner, new Owner(to.status(name(each)).uid(), to.status(name(each)).gid()));
    }
    assertEquals(self.uid(), to.self().status().uid());
  }

  /** A file of a user in the range keeps its user; each other file gets the first user. */
  @Test
  void leavesTheOwnersOfARangeAsTheyWere() throws Exception {
    assumeTrue(Fixture.root(), "only root can give files away");
    Fixture.run(
        "sh",
        "-euc",
        "cd \"$0\"; umask 077; for each in first last before after root; do echo x >$each; done;"
            + " chown 70000:70001 first .; chown 70009:70010 last; chown 69999:70000 before;"
            + " chown 70010:70011 after; ln -s x link; chown -h 70003:70004 link",
        source.toString());
    Owner range = new Owner(70000, 70001, 10);
    TreeCopy.Result result =
        new TreeCopy(Optional.of(range), (f, b) -> {}, () -> false, "").contents(from, to);
    assertEquals(
        List.of("after", "before", "root"),
        result.missed().stream().map(missed -> missed.path().toString()).sorted().toList());
    assertEquals("70000:70001", owner("first"));
    assertEquals("70009:70010", owner("last"));
    assertEquals("70003:70004", owner("link"));
    Fixture.run("chmod", "644", source.resolve("before").toString());
    new TreeCopy(Optional.of(range), (f, b) -> {}, () -> false, "").entry(from, name("before"), to);
    assertEquals("70000:70001", owner("before"));
  }

  private String owner(String name) throws ErrnoException {
    Status status = to.status(name(name));
    return status.uid() + ":" + status.gid();
  }

  @Test
  void copiesASingleEntry() throws Exception {
    Files.createDirectories(source.resolve("one/two"));
    Files.writeString(source.resolve("one/two/x"), "x");
    Files.setLastModifiedTime(source.resolve("one"), time("2001-02-03T04:05:06Z"));
    Files.writeString(source.resolve("other"), "x");
    from.setMode(name("one"), 0550);
    assertEquals(1, TreeCopy.plain().entry(from, name("one"), to).files());
    assertEquals(0550, to.status(name("one")).mode());
    assertEquals(from.status(name("one")).modified(), to.status(name("one")).modified());
    assertEquals("x", Files.readString(target.resolve("one/two/x")));
    assertFalse(Files.exists(target.resolve("other")));
    assertEquals(1, TreeCopy.plain().entry(from, name("other"), to).files());
    assertEquals(
        "ENOENT (no such file or directory)",
        TreeCopy.plain().entry(from, name("missing"), to).missed().get(0).why());
  }

  @Test
  void tellsItsProgressAndCanBeStopped() throws Exception {
    for (int i = 0; i < 20; i++) {
      Files.writeString(source.resolve("f" + i), "12345");
    }
    AtomicInteger files = new AtomicInteger();
    TreeCopy stopped =
        new TreeCopy(Optional.empty(), (f, b) -> files.set((int) f), () -> files.get() == 7, "");
    assertThrows(CancellationException.class, () -> stopped.contents(from, to));
    assertEquals(7, target.toFile().list().length);
    assertTrue(descriptors() <= 2, "descriptors are left open");
  }

  /** So many files are copied in two threads, which meet two names of one file at once. */
  @Test
  void manyFilesAreCopiedAsFewAre() throws Exception {
    for (int i = 0; i < 1000; i++) {
      Files.writeString(source.resolve("f" + i), "content " + i);
      from.setMode(name("f" + i), 0400 | i % 0400);
    }
    for (int i = 0; i < 30; i++) {
      Path directory = Files.createDirectory(source.resolve("d" + i));
      Files.write(directory.resolve("0"), new byte[1_000_000]);
      for (int j = 1; j < 8; j++) {
        Files.createLink(directory.resolve("" + j), directory.resolve("0"));
      }
      Files.createLink(directory.resolve("first"), source.resolve("d0/0"));
      from.setMode(name("d" + i), 0500 | i);
    }
    AtomicInteger files = new AtomicInteger();
    TreeCopy.Progress progress = (f, b) -> assertTrue(f - files.getAndSet((int) f) <= 1);
    TreeCopy.Result result =
        new TreeCopy(Optional.empty(), progress, () -> false, "").contents(from, to);
    assertEquals(List.of(), result.missed());
    assertEquals(1270, result.files());
    for (int i = 0; i < 1000; i++) {
      assertEquals("content " + i, Files.readString(target.resolve("f" + i)));
      assertEquals(from.status(name("f" + i)).mode(), to.status(name("f" + i)).mode());
      assertEquals(from.status(name("f" + i)).modified(), to.status(name("f" + i)).modified());
    }
    for (int i = 0; i < 30; i++) {
      int links = i == 0 ? 38 : 8;
      assertEquals(links, Files.getAttribute(target.resolve("d" + i + "/0"), "unix:nlink"));
      assertEquals(0500 | i, to.status(name("d" + i)).mode());
      assertEquals(from.status(name("d" + i)).modified(), to.status(name("d" + i)).modified());
    }
  }

  /** Only the walk knows what was copied, so the second thread leaves such a file to it. */
  @Test
  void theWalkCopiesFilesWithSeveralNames() throws Exception {
    // The walk begins with the newest files.
    Path directory = Files.createDirectory(source.resolve("d"));
    Path newest = Files.createDirectory(directory.resolve("newest"));
    for (int i = 0; i < 400; i++) {
      Files.writeString((i < 110 ? source : newest).resolve("f" + i), "12345");
    }
    Files.write(directory.resolve("0"), new byte[77_777]);
    for (int i = 1; i < 20; i++) {
      Files.createLink(directory.resolve("" + i), directory.resolve("0"));
    }
    Thread walk = Thread.currentThread();
    AtomicLong before = new AtomicLong();
    TreeCopy.Progress progress =
        (f, b) -> {
          if (b - before.getAndSet(b) == 77_777) {
            assertSame(walk, Thread.currentThread());
          }
        };
    assertEquals(
        420, new TreeCopy(Optional.empty(), progress, () -> false, "").contents(from, to).files());
    assertEquals(20, Files.getAttribute(target.resolve("d/0"), "unix:nlink"));
  }

  /** Far down, the walk closes directories above while files of them may still wait. */
  @Test
  void manyFilesOfADeepTree() throws Exception {
    int levels = 40;
    Path at = source;
    for (int i = 0; i < levels; i++) {
      for (int j = 0; j < 20; j++) {
        Files.writeString(at.resolve("f" + j), i + " " + j);
      }
      if (i > 0) {
        Files.createLink(at.resolve("link"), source.resolve("f0"));
      }
      for (int j = 0; j < 3; j++) {
        Files.createDirectories(at.resolve("beside" + j));
        Files.writeString(at.resolve("beside" + j + "/f"), "beside");
        Fixture.run("chmod", "500", at.resolve("beside" + j).toString());
      }
      at = Files.createDirectory(at.resolve("d"));
    }
    TreeCopy.Result result = copy();
    assertEquals(List.of(), result.missed());
    assertEquals(24 * levels - 1, result.files());
    at = target;
    for (int i = 0; i < levels; i++) {
      for (int j = 0; j < 20; j++) {
        assertEquals(i + " " + j, Files.readString(at.resolve("f" + j)));
      }
      assertEquals(levels, Files.getAttribute(target.resolve("f0"), "unix:nlink"));
      for (int j = 0; j < 3; j++) {
        assertEquals("beside", Files.readString(at.resolve("beside" + j + "/f")));
        assertEquals("r-x------", permissions(at.resolve("beside" + j)));
      }
      at = at.resolve("d");
    }
    assertTrue(descriptors() <= 2, "descriptors are left open");
  }

  private static String permissions(Path file) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  /** Files that wait are replaced by what is not copied as a file. */
  @Test
  void whatChangesWhileItWaitsIsListed() throws Exception {
    for (int i = 0; i < 600; i++) {
      Files.writeString(source.resolve("f" + i), "content");
    }
    AtomicBoolean replaced = new AtomicBoolean();
    TreeCopy.Progress progress =
        (f, b) -> {
          if (f == 150 && replaced.compareAndSet(false, true)) {
            replaceWhatIsNotCopied(600);
          }
        };
    TreeCopy.Result result =
        new TreeCopy(Optional.empty(), progress, () -> false, "").contents(from, to);
    assertEquals(600, result.files() + result.missedInAll());
    assertTrue(result.missedInAll() > 0);
    assertEquals(result.files(), target.toFile().list().length);
    for (String copied : target.toFile().list()) {
      assertEquals("content", Files.readString(target.resolve(copied)));
    }
    result
        .missed()
        .forEach(
            missed ->
                assertTrue(
                    missed.why().startsWith("ELOOP")
                        || missed.why().equals("replaced while it was copied by a directory"),
                    missed.why()));
  }

  private void replaceWhatIsNotCopied(int files) {
    try {
      for (int i = 0; i < files; i++) {
        Path file = source.resolve("f" + i);
        if (!Files.exists(target.resolve("f" + i))) {
          Files.delete(file);
          if (i % 2 == 0) {
            Files.createDirectory(file);
          } else {
            Files.createSymbolicLink(file, Path.of("f0"));
          }
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anErrorOfEitherThreadIsTold(boolean second) throws Exception {
    for (int i = 0; i < 2000; i++) {
      Files.writeString(source.resolve("f" + i), "12345");
    }
    Failure full = new Failure("full", "", "");
    Thread walk = Thread.currentThread();
    TreeCopy.Progress progress =
        (f, b) -> {
          if (f > 200 && (Thread.currentThread() != walk) == second) {
            throw full;
          }
        };
    TreeCopy failing = new TreeCopy(Optional.empty(), progress, () -> false, "");
    assertSame(full, assertThrows(Failure.class, () -> failing.contents(from, to)));
    assertTrue(target.toFile().list().length < 2000, "a thread went on");
    assertTrue(descriptors() <= 2, "descriptors are left open");
  }

  @Test
  void stopsBothThreads() throws Exception {
    for (int i = 0; i < 1000; i++) {
      Files.writeString(source.resolve("f" + i), "12345");
    }
    AtomicInteger files = new AtomicInteger();
    TreeCopy stopped =
        new TreeCopy(Optional.empty(), (f, b) -> files.set((int) f), () -> files.get() >= 500, "");
    assertThrows(CancellationException.class, () -> stopped.contents(from, to));
    assertTrue(target.toFile().list().length <= 502, "a thread went on");
    assertTrue(descriptors() <= 2, "descriptors are left open");
  }

  /** Returns the number of files of the test's directory that this process has open. */
  private long descriptors() throws Exception {
    long count = 0;
    for (String fd : new java.io.File("/proc/self/fd").list()) {
      try {
        String file = Files.readSymbolicLink(Path.of("/proc/self/fd", fd)).toString();
        count += file.startsWith(temporary.toRealPath().toString()) ? 1 : 0;
      } catch (java.nio.file.NoSuchFileException e) {
        // It was the descriptor of the listing itself.
      }
    }
    return count;
  }

  @Test
  void leavesOutTheCopyThatLiesInItsOwnSource() throws Exception {
    Path inner = Files.createDirectories(source.resolve("a/inner"));
    try (Directory in = Fixture.open(inner)) {
      TreeCopy.Result result = TreeCopy.plain().contents(from, in);
      assertEquals(name("a/inner"), result.missed().get(0).path());
    } catch (ErrnoException e) {
      throw new AssertionError(e);
    }
  }
}
