package nixbuildshell.cli.commands;

import java.io.PrintStream;
import java.util.Optional;
import nixbuildshell.console.Messages;
import nixbuildshell.enter.Attach;
import nixbuildshell.enter.AttachOptions;
import nixbuildshell.enter.Options;
import nixbuildshell.files.FileSystem;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.nix.Caller;
import nixbuildshell.store.NixStore;
import nixbuildshell.terminal.StandardStream;
import nixbuildshell.view.StoreChoice;

/** Enters a build that is running. */
record AttachCommand(Options before, AttachOptions options) implements Subcommand {
  @Override
  public int verbosity() {
    return before.verbosity();
  }

  @Override
  public int run(Caller caller, Messages messages, PrintStream out) {
    StandardStream.requireAll();
    SystemCalls calls = CallersKernel.calls(caller, Optional.empty());
    NixStore store = StoreChoice.of(caller, new FileSystem(calls), before.store());
    return Attach.run(options, caller, messages, calls, store);
  }
}
