package nixbuildshell.nix;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import nixbuildshell.ByteString;

/**
 * Listens to what Nix tells of its work: to the setting {@code json-log-path}, since Nix 2.30, a
 * Unix domain socket is as good as a file (logging.cc). So nothing of what Nix prints has to be
 * captured, and a long log needs no disk.
 *
 * <p>Each Nix process connects once. What builders print is in the records too, as text in them.
 */
public final class BuildRecords implements AutoCloseable {
  /** A longer record is passed over: those of a build's start are short. */
  private static final int LONGEST = 64 << 10;

  /** A process that Nix left in the background may hold the connection open. */
  private static final long LAST_RECORDS_MILLISECONDS = 1000;

  private final Path directory;
  private final ServerSocketChannel socket;
  private final Consumer<ByteString> reader;
  private final Queue<Thread> readers = new ConcurrentLinkedQueue<>();

  private BuildRecords(Path directory, Consumer<ByteString> reader) throws IOException {
    this.directory = directory;
    this.reader = reader;
    this.socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    socket.bind(UnixDomainSocketAddress.of(path()));
    Thread thread = new Thread(this::accept, "records of Nix");
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * Begins to listen, in a directory that only this user can open.
   *
   * @param reader takes each record, a line of JSON, by several threads
   * @throws IOException when there can be no socket: its path has at most 107 bytes (unix(7))
   */
  public static BuildRecords listen(Consumer<ByteString> reader) throws IOException {
    Path directory =
        Files.createTempDirectory(
            "nix-build-shell",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    try {
      return new BuildRecords(directory, reader);
    } catch (IOException | RuntimeException e) {
      Files.delete(directory);
      throw e;
    }
  }

  /** Returns the line for {@code nix.conf}. */
  public String setting() {
    return "json-log-path = " + path();
  }

  /** Decides whether a Nix process has connected: the old programs, such as nix-build, do not. */
  public boolean wereHeard() {
    return !readers.isEmpty();
  }

  private Path path() {
    return directory.resolve("records");
  }

  private void accept() {
    try {
      while (true) {
        SocketChannel connection = socket.accept();
        Thread thread = new Thread(() -> read(connection), "records of a Nix process");
        thread.setDaemon(true);
        readers.add(thread);
        thread.start();
      }
    } catch (IOException e) {
      // It is closed: nothing is read any more.
    }
  }

  private void read(SocketChannel connection) {
    try (InputStream in = new BufferedInputStream(Channels.newInputStream(connection))) {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int next = in.read(); next >= 0; next = in.read()) {
        if (next == '\n') {
          if (line.size() <= LONGEST) {
            reader.accept(ByteString.of(line.toByteArray()));
          }
          line.reset();
        } else if (line.size() <= LONGEST) {
          line.write(next);
        }
      }
    } catch (IOException e) {
      // What was read until then counts.
    }
  }

  /** Reads what is on its way, waits no longer than a second in all, and stops. */
  @Override
  public void close() {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LAST_RECORDS_MILLISECONDS);
    try {
      for (Thread thread : readers) {
        // At least 1, since 0 means for ever.
        thread.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try {
      socket.close();
      Files.deleteIfExists(path());
      Files.delete(directory);
    } catch (IOException e) {
      // An empty directory in the place for temporary files harms nothing.
    }
  }
}
