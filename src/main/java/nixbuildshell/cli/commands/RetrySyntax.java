package nixbuildshell.cli.commands;

import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.enter.Options;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Describes the words of {@code retry} to picocli. */
@Command(
    name = "retry",
    sortOptions = false,
    customSynopsis = {"nix-build-shell retry [--phase PHASE] [--trace] [--json] [DIR]"},
    header = "Run the phase that failed again, as the builder would.",
    description = {
      "",
      "DIR is as for nix-build-shell itself; without it, the newest kept failure. Of a kept"
          + " directory a fresh copy is used and deleted; in a session the phase runs in place, so"
          + " that what you have edited counts. The exit status is the phase's own."
    })
public final class RetrySyntax implements SubcommandSyntax {
  @Parameters(arity = "0..1", paramLabel = "DIR", hidden = true)
  private String directory;

  @Option(
      names = "--phase",
      paramLabel = "PHASE",
      description = "Run this phase, instead of the phase that failed.")
  private String phase;

  @Option(names = "--trace", description = "Show each command that the phase runs.")
  private boolean trace;

  @Option(
      names = "--json",
      description =
          "Print on stdout what failed, as JSON (docs/retry.schema.json), and the phase's output on"
              + " stderr.")
  private boolean json;

  @Override
  public Set<String> precedingOptions() {
    return OF_A_COPY;
  }

  @Override
  public Subcommand subcommand(Options before) {
    Optional<ByteString> named = Optional.ofNullable(phase).map(ByteString::new);
    return new EnterCommand(
        before.with(new Options.Retry(named, trace, json)).in(Optional.ofNullable(directory)));
  }
}
