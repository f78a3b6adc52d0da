package nixbuildshell.cli.commands;

import java.io.PrintStream;
import nixbuildshell.console.Messages;
import nixbuildshell.enter.Enter;
import nixbuildshell.enter.Options;
import nixbuildshell.enter.Rehearsal;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.nix.Caller;
import nixbuildshell.nix.Configuration;
import nixbuildshell.terminal.StandardStream;

/** Runs the plain form, {@code nix-build-shell DIR [COMMAND...]}. */
public record EnterCommand(Options options) implements Subcommand {
  @Override
  public int verbosity() {
    return options.verbosity();
  }

  @Override
  public int run(Caller caller, Messages messages, PrintStream out) {
    StandardStream.requireAll();
    // The first system call waits until its handle is linked, so what needs none comes before.
    Configuration configuration = Configuration.read(caller);
    if (Kernels.links()) {
      Rehearsal.run();
    }
    return Enter.run(
        options,
        caller,
        configuration,
        messages,
        out,
        CallersKernel.calls(caller, options.workDirectory()));
  }
}
