package nixbuildshell.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** Finds and runs the programs that tests need. */
public final class Tools {
  private Tools() {}

  /** Returns the first program on PATH of these names; without one it calls {@link #missing}. */
  public static String need(String... names) {
    for (String name : names) {
      Optional<Path> found =
          Stream.of(System.getenv("PATH").split(File.pathSeparator))
              .map(directory -> Path.of(directory, name))
              .filter(Files::isExecutable)
              .findFirst();
      if (found.isPresent()) {
        return found.get().toString();
      }
    }
    missing(String.join(" or ", names) + " is not installed");
    throw new AssertionError("unreachable");
  }

  /** Fails in CI, which must test everything; elsewhere it aborts the test. */
  static void missing(String what) {
    if (System.getenv("CI") != null) {
      fail(what + ", and CI must test everything");
    }
    System.err.println("NOT TESTED: " + what);
    Assumptions.abort(what);
  }

  static int run(List<String> command, ProcessBuilder.Redirect output) throws Exception {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(output == ProcessBuilder.Redirect.INHERIT)
            .redirectOutput(output)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      return process.waitFor();
    } finally {
      process.destroyForcibly();
    }
  }

  static void must(String... command) throws Exception {
    assertEquals(
        0, run(List.of(command), ProcessBuilder.Redirect.DISCARD), String.join(" ", command));
  }

  /** Returns the command line of a JVM like this one, for a main class of the tests. */
  public static List<String> java(Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java"));
    if (Runtime.version().feature() >= 22) {
      command.add("--enable-native-access=ALL-UNNAMED");
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    return command;
  }
}
