package nixbuildshell.terminal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import nixbuildshell.Failure;

/** Checks the descriptors 0, 1 and 2 that the caller gave the tool. */
public final class StandardStream {
  private StandardStream() {}

  /**
   * Requires that all three were open. The JVM's files take the number of a closed descriptor, and
   * the command would get such a file.
   *
   * @throws Failure naming the closed descriptor
   */
  public static void requireAll() {
    for (int descriptor = 0; descriptor <= 2; descriptor++) {
      if (!isOfTheCaller(descriptor)) {
        throw new Failure(
            "cannot start with descriptor " + descriptor + " closed",
            "the command would get a file of the JVM's in its place",
            "give it something: " + descriptor + (descriptor == 0 ? "<" : ">") + "/dev/null");
      }
    }
  }

  private static boolean isOfTheCaller(int descriptor) {
    try {
      Path target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor));
      Path java = Path.of(System.getProperty("java.home")).toRealPath();
      String classPath = System.getProperty("java.class.path");
      Path jar = Path.of(classPath.split(":")[0]).toRealPath();
      return !target.startsWith(java) && !target.startsWith(jar.getParent());
    } catch (NoSuchFileException e) {
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Decides by its link in procfs, without a native call, whether a descriptor is a terminal. */
  public static boolean isTerminal(int descriptor) {
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
