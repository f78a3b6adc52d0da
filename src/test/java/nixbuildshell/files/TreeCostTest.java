package nixbuildshell.files;

import static nixbuildshell.files.Fixture.name;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Abi;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.Kernel;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.SystemCalls;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Counts system calls: an entry or a level must not cost more when there are more of them. So a few
 * tell the cost of a million.
 */
class TreeCostTest {
  /** The most allowed for twice the size: a linear cost gives 2, a quadratic cost 4. */
  private static final double LINEAR = 2.2;

  @TempDir Path temporary;
  private final Counting kernel = new Counting(Kernels.best(Optional::empty));
  private final FileSystem files = new FileSystem(new SystemCalls(kernel));
  private Directory parent;

  /** Counts the system calls, and the descriptors that they open and close. */
  private static final class Counting implements Kernel {
    private final Kernel kernel;
    private final Abi abi;
    private long calls;
    private int open;
    private int mostOpen;

    Counting(Kernel kernel) {
      this.kernel = kernel;
      this.abi = new SystemCalls(kernel).abi();
    }

    @Override
    public long syscall(long number, long... arguments) {
      long result = kernel.syscall(number, arguments);
      count(number, result);
      return result;
    }

    private synchronized void count(long number, long result) {
      calls++;
      if (number == Syscall.OPENAT.number(abi) && result >= 0) {
        mostOpen = Math.max(mostOpen, ++open);
      } else if (number == Syscall.CLOSE.number(abi)) {
        open--;
      }
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
  void open() throws Exception {
    parent = files.openDirectory(ByteString.of(temporary.toString()));
  }

  @AfterEach
  void close() {
    parent.close();
  }

  private void wide(String tree, int entries) throws ErrnoException {
    parent.makeDirectory(name(tree), 0700);
    try (Directory in = parent.openDirectory(name(tree))) {
      for (int i = 0; i < entries; i++) {
        in.createFile(name("f" + i), 0600).close();
      }
    }
  }

  private void directories(String tree, int directories) throws ErrnoException {
    parent.makeDirectory(name(tree), 0700);
    for (int i = 0; i < directories; i++) {
      wide(tree + "/" + i, 10);
    }
  }

  private void linked(String tree, int names) throws ErrnoException {
    parent.makeDirectory(name(tree), 0700);
    try (Directory in = parent.openDirectory(name(tree))) {
      in.createFile(name("first"), 0600).close();
      for (int i = 0; i < names; i++) {
        in.makeHardLink(name("l" + i), in, name("first"));
      }
    }
  }

  private void deep(String tree, int levels) throws ErrnoException {
    parent.makeDirectory(name(tree), 0700);
    Directory at = parent.openDirectory(name(tree));
    for (int i = 0; i < levels; i++) {
      at.makeDirectory(name("d"), 0700);
      Directory next = at.openDirectory(name("d"));
      at.close();
      at = next;
    }
    at.close();
  }

  private interface Work {
    void run() throws ErrnoException;
  }

  private long calls(Work work) throws ErrnoException {
    long before = kernel.calls;
    work.run();
    return kernel.calls - before;
  }

  /** Counts the system calls of copying, comparing and removing a tree. */
  private long[] costs(String tree) throws Exception {
    Files.createDirectory(temporary.resolve("copy"));
    try (Directory from = parent.openDirectory(name(tree));
        Directory to = parent.openDirectory(name("copy"))) {
      Status.Time never = new Status.Time(Long.MAX_VALUE, 0);
      Changes changes = new Changes(new Status.Time(0, 0), never, () -> false);
      return new long[] {
        calls(() -> assertEquals(0, TreeCopy.plain().contents(from, to).missedInAll())),
        calls(() -> assertTrue(!changes.in(to))),
        calls(() -> assertEquals(Optional.empty(), TreeRemoval.remove(parent, name("copy")))),
        calls(() -> assertEquals(Optional.empty(), TreeRemoval.remove(parent, name(tree))))
      };
    }
  }

  private static void expectLinear(long[] one, long[] two) {
    for (int i = 0; i < one.length; i++) {
      assertTrue(two[i] < LINEAR * one[i], i + ": " + one[i] + " calls became " + two[i]);
    }
  }

  @Test
  void entriesOfOneDirectory() throws Exception {
    wide("one", 500);
    wide("two", 1000);
    expectLinear(costs("one"), costs("two"));
  }

  @Test
  void levelsOfOneTree() throws Exception {
    deep("one", 1000);
    deep("two", 2000);
    expectLinear(costs("one"), costs("two"));
    // The limit is 1024 for a process, unless the caller has lowered it.
    assertTrue(kernel.mostOpen < 40, kernel.mostOpen + " descriptors");
  }

  /** Files of so many directories wait at the same time for one of two threads. */
  @Test
  void directoriesOfOneTree() throws Exception {
    directories("one", 100);
    directories("two", 200);
    expectLinear(costs("one"), costs("two"));
    assertTrue(kernel.mostOpen < 30, kernel.mostOpen + " descriptors");
  }

  /** Each further name of a copied file costs the same. */
  @Test
  void namesOfOneFile() throws Exception {
    linked("one", 1000);
    linked("two", 2000);
    expectLinear(costs("one"), costs("two"));
  }

  @Test
  void entriesTakeNoMemory() throws Exception {
    wide("wide", 12_000);
    long[] used = new long[2];
    TreeCopy copy =
        new TreeCopy(
            Optional.empty(),
            (done, bytes) -> {
              if (done == 2000 || done == 12_000) {
                used[done == 2000 ? 0 : 1] = used();
              }
            },
            () -> false,
            "");
    Files.createDirectory(temporary.resolve("copy"));
    try (Directory from = parent.openDirectory(name("wide"));
        Directory to = parent.openDirectory(name("copy"))) {
      assertEquals(12_000, copy.contents(from, to).files());
    }
    long more = used[1] - used[0];
    assertTrue(more < 200_000, more + " bytes for 10,000 entries");
  }

  private static long used() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  /** The paths of a thousand sockets at its bottom would have a gigabyte. */
  @Test
  void aPathOfMegabytesIsNotListedWhole() throws Exception {
    String longest = "n".repeat(255);
    Directory at = parent;
    for (int i = 0; i < 100; i++) {
      at.makeDirectory(name(longest), 0700);
      Directory next = at.openDirectory(name(longest));
      if (at != parent) {
        at.close();
      }
      at = next;
    }
    Fixture.run(
        "perl",
        "-MSocket",
        "-e",
        "chdir '/proc/"
            + ProcessHandle.current().pid()
            + "/fd/"
            + at.self().number()
            + "' or die;"
            + "socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un('s')) or die");
    at.close();
    Files.createDirectory(temporary.resolve("copy"));
    try (Directory to = parent.openDirectory(name("copy"))) {
      TreeCopy.Missed missed = TreeCopy.plain().entry(parent, name(longest), to).missed().get(0);
      assertTrue(missed.path().length() < 5000, missed.path().length() + " bytes");
      assertTrue(missed.path().latin1().startsWith(".../"));
      assertTrue(missed.path().latin1().endsWith("n/s"));
    }
    assertEquals(Optional.empty(), TreeRemoval.remove(parent, name("copy")));
    assertEquals(Optional.empty(), TreeRemoval.remove(parent, name(longest)));
  }
}
