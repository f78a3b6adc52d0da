package nixbuildshell.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.sandbox.NixSandbox;
import nixbuildshell.sandbox.Program;

/** How the build's shell is called: it sets the build's variables and becomes the command. */
final class CommandLineOfShell {
  private static final ByteString SCRIPT = ByteString.of("source /build/env-vars; exec \"$@\"");
  private static final Set<String> SHELLS = Set.of("bash", "sh", "dash", "zsh", "fish", "ksh");
  private static final Set<String> INTERACTIVE_OPTIONS = Set.of("-i", "-l", "--login");

  private CommandLineOfShell() {}

  /**
   * The program for a command; the shell itself when there is none.
   *
   * @param shell the build's shell, as seen from inside
   */
  static Program program(ByteString shell, Options options, boolean ownSession) {
    List<ByteString> arguments =
        new ArrayList<>(List.of(shell, ByteString.of("-c"), SCRIPT, ByteString.of("--")));
    arguments.addAll(options.command().isEmpty() ? List.of(shell) : options.command());
    return new Program(shell, arguments, List.of(), NixSandbox.BUILD, ownSession);
  }

  /** Whether a person will sit in it: a shell without a script, on a terminal. */
  static boolean isInteractive(List<ByteString> command, boolean terminal) {
    if (command.isEmpty() || !terminal) {
      return terminal;
    }
    String path = command.get(0).latin1();
    return SHELLS.contains(path.substring(path.lastIndexOf('/') + 1))
        && command.stream().skip(1).allMatch(a -> INTERACTIVE_OPTIONS.contains(a.latin1()));
  }
}
