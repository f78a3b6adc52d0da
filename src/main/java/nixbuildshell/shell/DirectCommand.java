package nixbuildshell.shell;

import java.util.ArrayList;
import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.BuilderCall;
import nixbuildshell.console.ShellWord;
import nixbuildshell.sandbox.OwnPaths;
import nixbuildshell.sandbox.Program;

/** What is executed as it is, without a shell. */
public final class DirectCommand {
  private static final String PATH = "PATH=";

  private DirectCommand() {}

  /**
   * A command, looked for as execvp(3) does.
   *
   * @throws Failure when there is none
   */
  static Program program(
      List<ByteString> environment, List<ByteString> command, boolean ownSession) {
    if (command.isEmpty()) {
      throw new Failure(
          "cannot start a shell",
          "the build's own is not known, and its builder is none",
          "name a command, by its path in the store: nix-build-shell DIR COMMAND; or run the"
              + " builder again: nix-build-shell --builder DIR");
    }
    List<ByteString> paths = paths(environment, command.get(0));
    return new Program(paths.get(0), command, environment, OwnPaths.BUILD, ownSession)
        .asCommand(paths.subList(1, paths.size()));
  }

  private static List<ByteString> paths(List<ByteString> environment, ByteString command) {
    if (command.isEmpty() || command.latin1().indexOf('/') >= 0) {
      return List.of(command);
    }
    String search =
        environment.stream()
            .filter(variable -> variable.startsWith(PATH))
            .map(variable -> variable.latin1().substring(PATH.length()))
            .findFirst()
            .orElse("/bin");
    List<ByteString> paths = new ArrayList<>();
    for (String directory : search.split(":", -1)) {
      paths.add(new ByteString(directory.isEmpty() ? "." : directory).plus("/").plus(command));
    }
    return paths;
  }

  /** The call on one line, as it can be pasted into bash. */
  public static String line(BuilderCall call) {
    StringBuilder line = new StringBuilder(ShellWord.quote(call.path()));
    call.arguments().stream().skip(1).forEach(a -> line.append(' ').append(ShellWord.quote(a)));
    return line.toString();
  }

  /**
   * The builder, as Nix called it.
   *
   * @throws Failure when that is no program
   */
  public static Program builder(BuilderCall call, boolean ownSession) {
    if (call.isBuiltin()) {
      throw new Failure(
          "cannot run the builder " + call.path(), "it is a part of Nix itself, no program", "");
    }
    return new Program(
            call.path(),
            call.arguments(),
            Start.strings(call.environment()),
            OwnPaths.BUILD,
            ownSession)
        .asCommand(List.of());
  }
}
