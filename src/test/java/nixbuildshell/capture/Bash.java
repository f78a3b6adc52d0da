package nixbuildshell.capture;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import nixbuildshell.ByteString;

/** Runs a real bash, with an empty environment. */
public record Bash(String program, String locale) {

  /** Holds what a run printed, and its exit status. */
  public record Result(ByteString out, ByteString err, int status) {
    /** Returns the variables, when {@code env -0} printed them. */
    Map<String, ByteString> variables() {
      Map<String, ByteString> variables = new LinkedHashMap<>();
      for (String entry : out.latin1().split("\0")) {
        String[] parts = entry.split("=", 2);
        variables.put(parts[0], new ByteString(parts[1]));
      }
      return variables;
    }
  }

  public Result run(String script, String... arguments) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(List.of("/usr/bin/timeout", "600", "/usr/bin/env", "-i"));
    if (!locale.isEmpty()) {
      command.add("LC_ALL=" + locale);
    }
    command.addAll(List.of(program, "--norc", "--noprofile", "-c", script, "--"));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command).directory(Path.of("/").toFile()).redirectInput(NULL).start();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Thread reader =
        new Thread(
            () -> {
              try {
                process.getErrorStream().transferTo(err);
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
    reader.start();
    byte[] out = process.getInputStream().readAllBytes();
    reader.join();
    process.waitFor();
    return new Result(ByteString.of(out), ByteString.of(err.toByteArray()), process.exitValue());
  }

  private static final ProcessBuilder.Redirect NULL =
      ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile());
}
