package nixbuildshell.kernel;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Takes back what the JVM changes in the choice of what core dumps contain (core(5)). */
public final class CoreDumps {
  private CoreDumps() {}

  /**
   * Gives this process the caller's choice, which its children inherit. The JVM adds large pages to
   * it when it uses some ({@code set_coredump_filter} in os_linux.cpp), so the launcher reads the
   * choice before and tells it.
   */
  public static void restore() {
    String choice = System.getProperty("nix-build-shell.coredump_filter", "");
    if (choice.isEmpty()) {
      return;
    }
    try (FileOutputStream filter = new FileOutputStream("/proc/self/coredump_filter")) {
      filter.write(("0x" + choice).getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      // Only a core dump of the command would have more in it.
    }
  }
}
