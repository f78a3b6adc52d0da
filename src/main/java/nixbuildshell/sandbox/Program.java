package nixbuildshell.sandbox;

import java.util.List;
import nixbuildshell.ByteString;

/**
 * Describes what is executed inside.
 *
 * @param paths the executable, as seen from inside, and where else to look for it, in this order
 * @param arguments all of them, argv[0] first
 * @param environment {@code NAME=value}, the whole environment
 * @param directory the working directory, as seen from inside
 * @param ownSession whether it leads a session of its own, without the caller's terminal
 * @param isCommand whether it is what the caller asked for, and not the build's shell: then it may
 *     be missing
 */
public record Program(
    List<ByteString> paths,
    List<ByteString> arguments,
    List<ByteString> environment,
    String directory,
    boolean ownSession,
    boolean isCommand) {
  public Program {
    paths = List.copyOf(paths);
    arguments = List.copyOf(arguments);
    environment = List.copyOf(environment);
  }

  /** Returns the same program in another working directory. */
  Program in(String other) {
    return new Program(paths, arguments, environment, other, ownSession, isCommand);
  }
}
