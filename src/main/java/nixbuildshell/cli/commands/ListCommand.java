package nixbuildshell.cli.commands;

import java.io.PrintStream;
import nixbuildshell.capture.KeptDirectories;
import nixbuildshell.console.Messages;
import nixbuildshell.enter.Options;
import nixbuildshell.files.FileSystem;
import nixbuildshell.nix.Caller;
import nixbuildshell.view.StoreChoice;

/** Lists the kept directories of this host. */
record ListCommand(Options before) implements Subcommand {
  @Override
  public int verbosity() {
    return before.verbosity();
  }

  @Override
  public int run(Caller caller, Messages messages, PrintStream out) {
    FileSystem files = new FileSystem(CallersKernel.calls(caller, before.workDirectory()));
    new KeptDirectories(caller, files, StoreChoice.of(caller, files, before.store()))
        .newestFirst()
        .forEach(out::println);
    return 0;
  }
}
