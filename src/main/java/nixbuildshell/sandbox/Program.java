package nixbuildshell.sandbox;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import nixbuildshell.ByteString;

/**
 * What is executed inside.
 *
 * @param path the executable, as seen from inside
 * @param arguments all of them, argv[0] first
 * @param environment {@code NAME=value}, the whole environment
 * @param directory the working directory, as seen from inside
 * @param ownSession whether it leads a session of its own, without the caller's terminal
 */
public record Program(
    ByteString path,
    List<ByteString> arguments,
    List<ByteString> environment,
    String directory,
    boolean ownSession) {
  public Program {
    arguments = List.copyOf(arguments);
    environment = List.copyOf(environment);
  }

  /** The same in another working directory. */
  Program in(String other) {
    return new Program(path, arguments, environment, other, ownSession);
  }

  /** The same with more in its environment. */
  public Program withEnvironment(Map<ByteString, ByteString> variables) {
    List<ByteString> more = new ArrayList<>(environment);
    variables.forEach((name, value) -> more.add(name.plus("=").plus(value)));
    return new Program(path, arguments, more, directory, ownSession);
  }
}
