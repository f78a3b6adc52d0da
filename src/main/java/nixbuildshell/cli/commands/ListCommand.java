package nixbuildshell.cli.commands;

import java.io.PrintStream;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.capture.DirectoryArgument;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.console.Messages;
import nixbuildshell.enter.Options;
import nixbuildshell.files.FileSystem;
import nixbuildshell.listing.ListReport;
import nixbuildshell.listing.Survey;
import nixbuildshell.nix.Caller;
import nixbuildshell.session.Sessions;
import nixbuildshell.view.StoreChoice;

/** Lists kept directories and sessions, tells of one kept directory, or lists running builds. */
record ListCommand(
    Options before, Optional<ByteString> directory, boolean running, boolean size, boolean json)
    implements Subcommand {
  @Override
  public int verbosity() {
    return before.verbosity();
  }

  @Override
  public int run(Caller caller, Messages messages, PrintStream out) {
    FileSystem files = new FileSystem(CallersKernel.calls(caller, before.workDirectory()));
    Optional<Sessions> sessions = Sessions.find(files, caller::environment, before.workDirectory());
    Survey survey =
        Survey.of(caller, files, StoreChoice.of(caller, files, before.store()), sessions, size);
    ListReport report = new ListReport(survey, out, messages, json);
    try {
      if (running) {
        report.running();
      } else if (directory.isPresent()) {
        one(report, survey, messages);
      } else {
        report.all();
      }
      return 0;
    } finally {
      sessions.ifPresent(Sessions::close);
    }
  }

  private void one(ListReport report, Survey survey, Messages messages) {
    ByteString path =
        new DirectoryArgument(
                survey.caller(),
                survey.files(),
                survey.finder().store(),
                messages,
                name -> survey.sessions().flatMap(all -> all.named(name)))
            .path(directory.orElseThrow());
    try (KeptDirectory kept = KeptDirectory.open(survey.files(), path)) {
      report.one(kept.outermost(), kept);
    }
  }
}
