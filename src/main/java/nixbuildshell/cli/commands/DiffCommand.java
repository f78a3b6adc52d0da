package nixbuildshell.cli.commands;

import java.io.PrintStream;
import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.console.Messages;
import nixbuildshell.enter.Diff;
import nixbuildshell.enter.Options;
import nixbuildshell.files.FileSystem;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.nix.Caller;
import nixbuildshell.terminal.StandardStream;

/**
 * Prints what the caller changed in a session.
 *
 * @param options have the DIR
 * @param named files of the source tree that are wanted in any case
 */
record DiffCommand(Options options, boolean all, boolean check, List<ByteString> named)
    implements Subcommand {
  @Override
  public int verbosity() {
    return options.verbosity();
  }

  @Override
  public int run(Caller caller, Messages messages, PrintStream out) {
    StandardStream.requireAll();
    SystemCalls calls = CallersKernel.calls(caller, options.workDirectory());
    FileSystem files = new FileSystem(calls);
    return new Diff(options, all, check, named, caller, messages, out, calls, files).run();
  }
}
