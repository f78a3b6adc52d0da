package nixbuildshell.shell;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.Shell;
import nixbuildshell.sandbox.OwnPaths;
import nixbuildshell.sandbox.Program;

/** How the build's shell is called: it sets the build's variables and becomes the command. */
public final class CommandLineOfShell {
  private static final String ENV_VARS = "source /build/env-vars; ";
  private static final String EXEC = "exec \"$@\"";

  /**
   * Arrays are not inherited, so a bash that a person sits in reads the structured attributes
   * itself, before its first prompt. They come first, as in the builder: what phases have changed
   * is in env-vars.
   */
  private static final String ARRAYS =
      "if [ -e /build/.attrs.sh ]; then export PROMPT_COMMAND='unset PROMPT_COMMAND;"
          + " source /build/.attrs.sh; source /build/env-vars'; fi; ";

  private static final Set<String> SHELLS = Set.of("bash", "sh", "dash", "zsh", "fish", "ksh");
  private static final Set<String> INTERACTIVE_OPTIONS = Set.of("-i", "-l", "--login");

  private CommandLineOfShell() {}

  /**
   * The program for a command; the shell itself when there is none.
   *
   * @param terminal whether stdin is one
   * @throws Failure when there is neither command nor shell
   */
  public static Program program(
      Start start, List<ByteString> command, boolean terminal, boolean ownSession) {
    if (start.shell().isEmpty()) {
      return DirectCommand.program(start.environment(), command, ownSession);
    }
    Shell shell = start.shell().get();
    List<ByteString> arguments = new ArrayList<>(shell.words());
    if (shell.isBash()) {
      boolean arrays = isInteractive(command, terminal) && isBash(command);
      add(arguments, "-c", ENV_VARS + (arrays ? ARRAYS : "") + EXEC, "--");
      arguments.addAll(command.isEmpty() ? List.of(shell.path()) : command);
    } else if (!command.isEmpty()) {
      add(arguments, "-c", EXEC, "sh");
      arguments.addAll(command);
    }
    return new Program(shell.path(), arguments, start.environment(), OwnPaths.BUILD, ownSession);
  }

  private static void add(Collection<ByteString> arguments, String... more) {
    for (String argument : more) {
      arguments.add(ByteString.of(argument));
    }
  }

  private static boolean isBash(List<ByteString> command) {
    return command.isEmpty() || name(command.get(0)).equals("bash");
  }

  /** Whether a person will sit in it: a shell without a script, on a terminal. */
  public static boolean isInteractive(List<ByteString> command, boolean terminal) {
    if (command.isEmpty() || !terminal) {
      return terminal;
    }
    return SHELLS.contains(name(command.get(0)))
        && command.stream().skip(1).allMatch(a -> INTERACTIVE_OPTIONS.contains(a.latin1()));
  }

  private static String name(ByteString path) {
    return path.latin1().substring(path.latin1().lastIndexOf('/') + 1);
  }
}
