package nixbuildshell.sandbox;

import java.util.List;
import nixbuildshell.ByteString;

/**
 * Describes the program that runs inside.
 *
 * @param paths the paths to try, in this order, as seen from inside
 * @param arguments all arguments, argv[0] first
 * @param environment the whole environment, {@code NAME=value}
 * @param directory the working directory, as seen from inside
 * @param readsInput whether it has the caller's stdin; otherwise {@code /dev/null}
 * @param isCommand whether it is the caller's command, which may be missing, and not the build's
 *     shell
 */
public record Program(
    List<ByteString> paths,
    List<ByteString> arguments,
    List<ByteString> environment,
    String directory,
    boolean readsInput,
    boolean isCommand) {
  public Program {
    paths = List.copyOf(paths);
    arguments = List.copyOf(arguments);
    environment = List.copyOf(environment);
  }
}
