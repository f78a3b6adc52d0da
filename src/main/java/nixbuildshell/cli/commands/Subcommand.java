package nixbuildshell.cli.commands;

import java.io.PrintStream;
import nixbuildshell.console.Messages;
import nixbuildshell.nix.Caller;

/** Does what one form of the command line asks for. */
public interface Subcommand {
  /** Returns how often the caller gave {@code -v}. */
  default int verbosity() {
    return 0;
  }

  /**
   * Runs to the end.
   *
   * @param out stdout
   * @return the exit code of the tool
   * @throws nixbuildshell.Failure when the tool itself fails
   */
  int run(Caller caller, Messages messages, PrintStream out);
}
