package nixbuildshell.sandbox;

import java.util.List;
import nixbuildshell.ByteString;

/**
 * What is executed inside.
 *
 * @param path the executable, as seen from inside
 * @param arguments all of them, argv[0] first
 * @param environment {@code NAME=value}, the whole environment
 * @param directory the working directory, as seen from inside
 * @param ownSession whether it leads a session of its own, without the caller's terminal
 * @param alternatives executed in this order when the path is not there
 * @param isCommand whether it is what a person asked for, and not the build's shell: then it may be
 *     missing
 */
public record Program(
    ByteString path,
    List<ByteString> arguments,
    List<ByteString> environment,
    String directory,
    boolean ownSession,
    List<ByteString> alternatives,
    boolean isCommand) {
  public Program {
    arguments = List.copyOf(arguments);
    environment = List.copyOf(environment);
    alternatives = List.copyOf(alternatives);
  }

  /** The same in another working directory. */
  Program in(String other) {
    return new Program(path, arguments, environment, other, ownSession, alternatives, isCommand);
  }

  /** The build's shell. */
  public Program(
      ByteString path,
      List<ByteString> arguments,
      List<ByteString> environment,
      String directory,
      boolean ownSession) {
    this(path, arguments, environment, directory, ownSession, List.of(), false);
  }

  /** The same, as a person's command. */
  public Program asCommand(List<ByteString> others) {
    return new Program(path, arguments, environment, directory, ownSession, others, true);
  }
}
