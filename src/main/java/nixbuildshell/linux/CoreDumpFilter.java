package nixbuildshell.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Which memory goes into a core dump (core(5)). HotSpot adds its own mappings at its start ({@code
 * os::Linux::set_coredump_filter}), and a child inherits that.
 */
final class CoreDumpFilter {
  private static final Path OWN = Path.of("/proc/self/coredump_filter");

  /**
   * The kernel's default, {@code MMF_DUMP_FILTER_DEFAULT} with {@code MMF_DUMP_HUGETLB_PRIVATE}.
   */
  private static final String DEFAULT = "0x33";

  private CoreDumpFilter() {}

  /** Sets this process's filter to the kernel's default, if it can be done: it is no necessity. */
  static void restore() {
    try {
      Files.writeString(OWN, DEFAULT);
    } catch (IOException e) {
      // A kernel without core dumps has no such file.
    }
  }
}
