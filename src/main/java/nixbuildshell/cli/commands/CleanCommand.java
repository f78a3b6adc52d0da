package nixbuildshell.cli.commands;

import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import nixbuildshell.ByteString;
import nixbuildshell.console.Messages;
import nixbuildshell.enter.Options;
import nixbuildshell.files.FileSystem;
import nixbuildshell.listing.SessionRemoval;
import nixbuildshell.nix.Caller;
import nixbuildshell.session.Sessions;
import nixbuildshell.view.StoreChoice;

/**
 * Deletes sessions, and says how to delete kept directories.
 *
 * @param days delete the sessions that were unused for so long
 */
record CleanCommand(Options before, OptionalLong days, List<ByteString> directories)
    implements Subcommand {
  @Override
  public int verbosity() {
    return before.verbosity();
  }

  @Override
  public int run(Caller caller, Messages messages, PrintStream out) {
    FileSystem files = new FileSystem(CallersKernel.calls(caller, before.workDirectory()));
    Optional<Sessions> sessions = Sessions.find(files, caller::environment, before.workDirectory());
    try {
      return new SessionRemoval(
              caller, files, StoreChoice.of(caller, files, before.store()), sessions, messages, out)
          .run(days, directories);
    } finally {
      sessions.ifPresent(Sessions::close);
    }
  }
}
