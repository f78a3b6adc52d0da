package nixbuildshell.attach;

import java.util.List;
import java.util.stream.Stream;
import nixbuildshell.ByteString;

/** Reads the environment that a process began with. */
final class Environment {
  private Environment() {}

  /** Returns the strings as execve(2) had them; none when they cannot be read. */
  static List<ByteString> of(ProcessFiles process) {
    return process.text("environ").stream()
        .flatMap(text -> Stream.of(text.split("\0")))
        .filter(variable -> !variable.isEmpty())
        .map(ByteString::new)
        .toList();
  }
}
