package nixbuildshell.cli.commands;

import java.io.PrintStream;
import java.util.Optional;
import nixbuildshell.console.Messages;
import nixbuildshell.enter.Attach;
import nixbuildshell.enter.AttachOptions;
import nixbuildshell.nix.Caller;
import nixbuildshell.terminal.StandardStream;

/** Enters a build that is running. */
record AttachCommand(int verbosity, AttachOptions options) implements Subcommand {
  @Override
  public int run(Caller caller, Messages messages, PrintStream out) {
    StandardStream.requireAll();
    return Attach.run(options, caller, messages, CallersKernel.calls(caller, Optional.empty()));
  }
}
