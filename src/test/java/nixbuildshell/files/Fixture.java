package nixbuildshell.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.SystemCalls;

/** Opens real files, and starts Java processes with other rights, for tests of several rooms. */
public final class Fixture {
  public static final FileSystem FILES =
      new FileSystem(new SystemCalls(Kernels.best(Optional::empty)));

  private Fixture() {}

  public static Directory open(Path path) throws ErrnoException {
    return FILES.openDirectory(ByteString.of(path.toString()));
  }

  public static ByteString name(String text) {
    return ByteString.of(text);
  }

  public static boolean root() {
    return FILES.userId() == 0;
  }

  /** Runs a program to its end and returns its output. */
  public static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    int status = process.waitFor();
    if (status != 0) {
      throw new AssertionError(Arrays.toString(command) + " ended with " + status + ": " + output);
    }
    return output;
  }

  /** Returns the command that runs a main class of the tests in the same Java. */
  public static String java(Path classes, Class<?> main) {
    return System.getProperty("java.home")
        + "/bin/java -XX:-UsePerfData -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
        + " --enable-native-access=ALL-UNNAMED -cp "
        + classes
        + ":"
        + classes
        + "/jna.jar "
        + main.getName();
  }

  /** Copies the compiled classes to where all users can read them: the checkout may be private. */
  public static Path classesForAll(Path temporary) throws IOException {
    Path all = Files.createDirectory(temporary.resolve("classes"));
    for (String from : List.of("target/classes", "target/test-classes")) {
      try (Stream<Path> tree = Files.walk(Path.of(from))) {
        for (Path each : new ArrayList<>(tree.toList())) {
          Path to = all.resolve(Path.of(from).relativize(each).toString());
          if (!Files.isDirectory(to)) {
            Files.copy(each, to, StandardCopyOption.REPLACE_EXISTING);
          }
        }
      }
    }
    Path jna =
        Path.of(
            com.sun.jna.Native.class.getProtectionDomain().getCodeSource().getLocation().getPath());
    Files.copy(jna, all.resolve("jna.jar"));
    Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
    try {
      run("chmod", "-R", "a+rX", all.toString());
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    return all;
  }
}
