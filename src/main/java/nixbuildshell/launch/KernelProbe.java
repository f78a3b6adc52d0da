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

/** Tries the younger system calls, in ways that change nothing. */
public final class KernelProbe {
  private static final long LAST = 0xffffffffL;
  private static final int FIRST_INHERITED = 3;

  /** More than any page has bytes, and so more than the kernel takes. */
  private static final long TOO_BIG = 1 << 20;

  /** How many files the other threads may open between now and the clone. */
  private static final int MARGIN = 64;

  private KernelProbe() {}

  /** What the plan of a child that this process makes has to do without. */
  public static OldKernel of(SystemCalls calls) {
    boolean closesRanges = calls.call(Syscall.CLOSE_RANGE, LAST, LAST, 0) == 0;
    // Before anything else it looks at the size of its structure; a filter has another errno.
    long attributes = calls.call(Syscall.MOUNT_SETATTR, -1, 0, 0, 0, TOO_BIG);
    return new OldKernel(
        attributes != -Errno.E2BIG.number(), closesRanges ? List.of() : descriptors());
  }

  /**
   * What is open, and what will be: a new descriptor gets the lowest free number. Listing them
   * itself opens one.
   */
  private static List<Integer> descriptors() {
    SortedSet<Integer> open = new TreeSet<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      all.forEach(each -> open.add(Integer.valueOf(each.getFileName().toString())));
    } catch (IOException e) {
      throw new Failure("cannot see which files are open", "/proc/self/fd: " + e.getMessage(), "");
    }
    int most = FIRST_INHERITED + open.size() + MARGIN;
    for (int next = FIRST_INHERITED; next < most; next++) {
      open.add(next);
    }
    return List.copyOf(open.tailSet(FIRST_INHERITED));
  }
}
