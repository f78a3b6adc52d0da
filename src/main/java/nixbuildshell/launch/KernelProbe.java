package nixbuildshell.launch;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import nixbuildshell.Failure;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.plan.OldKernel;

/** Tries the younger system calls without changing anything. */
public final class KernelProbe {
  private static final long LAST = 0xffffffffL;
  private static final int FIRST_INHERITED = 3;

  /** The size of a structure that the kernel refuses: it is more than a page. */
  private static final long TOO_BIG = 1 << 20;

  /** The number of files that other threads may open between now and the clone. */
  private static final int MARGIN = 64;

  private KernelProbe() {}

  /** Returns what the plan for a child of this process must do without. */
  public static OldKernel of(SystemCalls calls) {
    boolean closesRanges = calls.call(Syscall.CLOSE_RANGE, LAST, LAST, 0) == 0;
    // The kernel checks the size of the structure first; a filter gives another errno.
    long attributes = calls.call(Syscall.MOUNT_SETATTR, -1, 0, 0, 0, TOO_BIG);
    return new OldKernel(
        attributes != -Errno.E2BIG.number(), closesRanges ? List.of() : descriptors());
  }

  /**
   * Returns the descriptors that are open or can be at the clone: a new descriptor gets the lowest
   * free number.
   */
  private static List<Integer> descriptors() {
    SortedSet<Integer> open = new TreeSet<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      all.forEach(each -> open.add(Integer.valueOf(each.getFileName().toString())));
    } catch (IOException e) {
      throw new Failure(
          "cannot list the open files in /proc/self/fd", String.valueOf(e.getMessage()), "");
    }
    int most = FIRST_INHERITED + open.size() + MARGIN;
    for (int next = FIRST_INHERITED; next < most; next++) {
      open.add(next);
    }
    return List.copyOf(open.tailSet(FIRST_INHERITED));
  }
}
