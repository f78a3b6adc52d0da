package nixbuildshell.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The descriptors that the process was started with. */
final class StandardStream {
  private StandardStream() {}

  /** Whether it is a terminal, told from where its link in procfs leads, without a native call. */
  static boolean isTerminal(int descriptor) {
    try {
      String path = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
      return path.startsWith("/dev/pts/")
          || path.startsWith("/dev/tty")
          || path.equals("/dev/console");
    } catch (IOException e) {
      return false;
    }
  }
}
