package nixbuildshell.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.SystemCalls;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileContentTest {
  private static final int LIMIT = 1000;

  @TempDir Path temporary;
  private Directory directory;

  @BeforeEach
  void open() throws ErrnoException {
    directory =
        new FileSystem(new SystemCalls(Kernels.best(Optional::empty)))
            .openDirectory(ByteString.of(temporary.toString()));
  }

  @AfterEach
  void close() {
    directory.close();
  }

  private FileContent read(String name) {
    return FileContent.read(directory, ByteString.of(name), LIMIT);
  }

  @Test
  void readsUpToTheLimitAndNotAByteMore() throws Exception {
    for (int size : new int[] {0, 1, LIMIT - 1, LIMIT, LIMIT + 1, 3 * LIMIT}) {
      byte[] bytes = new byte[size];
      java.util.Arrays.fill(bytes, (byte) 0xe4);
      Files.write(temporary.resolve("file"), bytes);
      if (size <= LIMIT) {
        assertArrayEquals(bytes, assertInstanceOf(FileContent.Bytes.class, read("file")).bytes());
      } else {
        assertEquals(new FileContent.TooLarge(size, LIMIT), read("file"));
      }
    }
  }

  @Test
  void ofARunningBuildWhatClaimsToBeEmptyIsNotRead() throws Exception {
    Files.writeString(temporary.resolve("file"), "text");
    assertArrayEquals(
        "text".getBytes(StandardCharsets.UTF_8),
        assertInstanceOf(FileContent.Bytes.class, FileContent.inBuild(directory, "file", LIMIT))
            .bytes());
    try (Directory root =
        new FileSystem(new SystemCalls(Kernels.best(Optional::empty)))
            .openDirectory(ByteString.of("/"))) {
      FileContent claims = FileContent.inBuild(root, "proc/version", 1 << 20);
      assertEquals(0, assertInstanceOf(FileContent.Bytes.class, claims).bytes().length);
    }
  }

  @Test
  void aBigFileIsReadWhole() throws Exception {
    byte[] bytes = new byte[5_000_001];
    new java.util.Random(1).nextBytes(bytes);
    Files.write(temporary.resolve("big"), bytes);
    FileContent content = FileContent.read(directory, ByteString.of("big"), 6_000_000);
    assertArrayEquals(bytes, assertInstanceOf(FileContent.Bytes.class, content).bytes());
  }

  @Test
  void tenGigabytesAreTooLarge() throws Exception {
    try (RandomAccessFile file = new RandomAccessFile(temporary.resolve("huge").toFile(), "rw")) {
      file.setLength(10L << 30);
    }
    assertEquals(new FileContent.TooLarge(10L << 30, LIMIT), read("huge"));
  }

  @Test
  void aFileThatClaimsToBeEmptyIsBoundedAllTheSame() throws Exception {
    try (Directory proc = Fixture.FILES.openDirectory(ByteString.of("/proc"))) {
      FileContent content = FileContent.read(proc, ByteString.of("kallsyms"), LIMIT);
      assertEquals(new FileContent.TooLarge(LIMIT + 1, LIMIT), content);
    }
  }

  @Test
  void saysWhatItIsInstead() throws Exception {
    directory.makeFifo(ByteString.of("fifo"), 0600);
    directory.makeDirectory(ByteString.of("dir"), 0700);
    directory.makeLink(ByteString.of("link"), ByteString.of("/no/such/passwd"));
    directory.makeLink(ByteString.of("dangling"), ByteString.of("/nowhere"));
    try (Directory dev = Fixture.FILES.openDirectory(ByteString.of("/dev"))) {
      assertEquals(
          new FileContent.NotRegular(FileType.CHARACTER_DEVICE),
          FileContent.read(dev, ByteString.of("zero"), LIMIT));
    }
    assertEquals(new FileContent.NotRegular(FileType.FIFO), read("fifo"));
    assertEquals(new FileContent.NotRegular(FileType.DIRECTORY), read("dir"));
    assertEquals(new FileContent.NotRegular(FileType.LINK), read("link"));
    assertEquals(new FileContent.NotRegular(FileType.LINK), read("dangling"));
    assertEquals(new FileContent.Missing(), read("missing"));
    try (java.nio.channels.ServerSocketChannel socket =
        java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
      socket.bind(java.net.UnixDomainSocketAddress.of(temporary.resolve("socket")));
      assertEquals(new FileContent.NotRegular(FileType.SOCKET), read("socket"));
    }
  }

  @Test
  void aNameThatTheKernelWouldReadAsAnotherIsRefused() throws Exception {
    Files.writeString(temporary.resolve("a"), "a");
    assertTrue(
        assertInstanceOf(FileContent.Unreadable.class, read("a\0b")).why().contains("EINVAL"));
    for (int length : new int[] {256, 8191, 8192, 100_000}) {
      FileContent content = read("x".repeat(length));
      assertTrue(
          assertInstanceOf(FileContent.Unreadable.class, content).why().contains("ENAMETOOLONG"));
    }
  }
}
