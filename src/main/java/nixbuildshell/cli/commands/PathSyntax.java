package nixbuildshell.cli.commands;

import java.util.Optional;
import java.util.Set;
import nixbuildshell.enter.Options;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Describes the words of {@code path} to picocli. */
@Command(
    name = "path",
    customSynopsis = {"nix-build-shell path [DIR]"},
    header = "Print where a session has its build directory, for an editor or a script.",
    description = {
      "",
      "DIR is as for nix-build-shell itself; without it, the newest kept failure. Of a kept"
          + " directory it is the newest session; when there is none, one is made, and stays."
    })
public final class PathSyntax implements SubcommandSyntax {
  @Parameters(arity = "0..1", paramLabel = "DIR", hidden = true)
  private String directory;

  @Override
  public Set<String> precedingOptions() {
    return OF_A_COPY;
  }

  @Override
  public Subcommand subcommand(Options before) {
    return new EnterCommand(before.with(new Options.ShowPath()).in(Optional.ofNullable(directory)));
  }
}
