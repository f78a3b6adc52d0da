package nixbuildshell.capture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.FileSystem;
import nixbuildshell.kernel.Kernel;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.store.EndOrder;
import nixbuildshell.store.StorePath;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Watches real directories, and makes each system call of the watch fail once. */
class EndWatchTest {
  private static final String KILLED = "d1x0igcrwfwm41wfxs0d0r1jajiz806j-killed.drv";
  private static final String FAILED = "d2x0igcrwfwm41wfxs0d0r1jajiz806j-failed.drv";

  @TempDir Path temporary;
  private Path place;
  private Path logs;
  private boolean nixs = true;
  private final SystemCalls calls = new SystemCalls(Kernels.best(Optional::empty));

  /** Refuses a system call after it was allowed a few times. */
  private record Refusing(Kernel kernel, long call, int errno, AtomicInteger allowed)
      implements Kernel {
    @Override
    public long syscall(long number, long... arguments) {
      return number == call && allowed.getAndDecrement() <= 0
          ? -errno
          : kernel.syscall(number, arguments);
    }

    @Override
    public long call(long address, long... arguments) {
      return kernel.call(address, arguments);
    }

    @Override
    public ByteBuffer memory(long address, int length) {
      return kernel.memory(address, length);
    }
  }

  @BeforeEach
  void makePlaces() throws IOException {
    // The kernel's name for it is the one that a kept directory has.
    place = Files.createDirectory(temporary.toRealPath().resolve("place"));
    logs = Files.createDirectory(temporary.resolve("drvs"));
    Files.createDirectory(logs.resolve("d1"));
  }

  @AfterEach
  void noThreadIsLeft() {
    assertFalse(
        Thread.getAllStackTraces().keySet().stream()
            .anyMatch(thread -> thread.getName().equals("ends of builds")),
        "the JVM waits for a thread in a system call");
  }

  private Optional<EndWatch> begin(SystemCalls by) {
    return EndWatch.begin(
        new FileSystem(by),
        owner -> nixs,
        List.of(ByteString.of("/nowhere"), ByteString.of(temporary + "/place")),
        ByteString.of(logs.toString()));
  }

  /** Lets two builds end, one of them killed. The other's log has a new folder. */
  private void build(int watched) throws Exception {
    await(watched);
    Path killed = Files.createDirectory(place.resolve("nix-build-killed.drv-0"));
    Path failed = Files.createDirectory(place.resolve("nix-1-2"));
    try (OutputStream one = Files.newOutputStream(log(KILLED))) {
      Files.createDirectories(logs.resolve("d2"));
      await(watched + 1);
      try (OutputStream two = Files.newOutputStream(log(FAILED))) {
        change(killed);
      }
      change(failed);
    }
  }

  /** Waits until so many directories are watched, as the kernel tells (proc_pid_fdinfo(5)). */
  private static void await(int watched) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (watches() != watched && System.nanoTime() < end) {
      Thread.sleep(5);
    }
    assertEquals(watched, watches());
  }

  private static int watches() {
    int watches = 0;
    for (File descriptor : new File("/proc/self/fdinfo").listFiles()) {
      try {
        for (String line : Files.readAllLines(descriptor.toPath())) {
          watches += line.startsWith("inotify ") ? 1 : 0;
        }
      } catch (IOException e) {
        // It was that of the listing.
      }
    }
    return watches;
  }

  private Path log(String derivation) {
    return logs.resolve(derivation.substring(0, 2)).resolve(derivation.substring(2) + ".bz2");
  }

  private static void change(Path directory) throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private EndOrder order(EndWatch watch, String name, String derivation) throws Exception {
    ByteString path = ByteString.of(place.resolve(name).toString());
    return watch.orders().of(path, changed(name), StorePath.ofBaseName(derivation));
  }

  private Optional<StorePath> derivation(EndWatch watch, String name) throws Exception {
    return watch.orders().derivation(ByteString.of(place.resolve(name).toString()), changed(name));
  }

  private Instant changed(String name) throws IOException {
    return ((FileTime) Files.getAttribute(place.resolve(name), "unix:ctime")).toInstant();
  }

  @Test
  void theOrderIsSeen() throws Exception {
    EndWatch watch = begin(calls).orElseThrow();
    build(3);
    watch.close();
    assertEquals(EndOrder.DIRECTORY_FIRST, order(watch, "nix-build-killed.drv-0", KILLED));
    assertEquals(EndOrder.LOG_FIRST, order(watch, "nix-1-2", FAILED));
    assertEquals(Optional.empty(), derivation(watch, "nix-1-2"), "a new folder hides an opening");
    assertEquals(0, watches());
  }

  /** A directory that Nix did not make could stand for one that it made. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theLogThatIsOpenedAfterADirectoryIsSeen(boolean madeByNix) throws Exception {
    nixs = madeByNix;
    Files.write(log(KILLED), new byte[1]); // A rebuild writes into the same file.
    EndWatch watch = begin(calls).orElseThrow();
    await(3);
    Path kept = Files.createDirectory(place.resolve("nix-1-2"));
    Files.newOutputStream(log(KILLED)).close();
    change(kept);
    watch.close();
    assertEquals(
        Optional.of(StorePath.ofBaseName(KILLED)).filter(it -> madeByNix),
        derivation(watch, "nix-1-2"));
  }

  @Test
  void logsThatAreRemovedEndIt() throws Exception {
    EndWatch watch = begin(calls).orElseThrow();
    await(3);
    Files.delete(logs.resolve("d1"));
    Files.delete(logs);
    await(1);
    watch.close();
    assertEquals(0, watches());
  }

  /** Then the times have to tell. With so many watches, no more are allowed. */
  @ParameterizedTest
  @CsvSource({
    "INOTIFY_INIT1, 0, EMFILE, 0",
    "INOTIFY_ADD_WATCH, 0, ENOSPC, 0",
    "INOTIFY_ADD_WATCH, 1, ENOSPC, 1",
    "INOTIFY_ADD_WATCH, 2, ENOSPC, 2",
    "GETDENTS64, 0, EIO, 1",
    "READ, 0, EIO, 3",
  })
  void whatTheKernelRefusesTellsNothing(Syscall call, int allowed, Errno errno, int watched)
      throws Exception {
    Kernel refusing =
        new Refusing(
            calls.kernel(), call.number(calls.abi()), errno.number(), new AtomicInteger(allowed));
    Optional<EndWatch> watch = begin(new SystemCalls(refusing));
    assertEquals(watched > 0, watch.isPresent());
    await(watched);
    if (watch.isPresent()) {
      Path killed = Files.createDirectory(place.resolve("nix-build-killed.drv-0"));
      try (OutputStream log = Files.newOutputStream(log(KILLED))) {
        change(killed);
      }
      watch.get().close();
      assertEquals(EndOrder.UNKNOWN, order(watch.get(), "nix-build-killed.drv-0", KILLED));
    }
    assertEquals(0, watches());
  }
}
