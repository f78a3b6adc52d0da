package nixbuildshell.cli.commands;

import java.util.Set;
import nixbuildshell.enter.Options;
import picocli.CommandLine.Command;

/** Describes the words of {@code list} to picocli. */
@Command(name = "list", header = "List the directories that Nix kept of failed builds.")
public final class ListSyntax implements SubcommandSyntax {
  @Override
  public Set<String> precedingOptions() {
    return Set.of("--store", "--work-dir");
  }

  @Override
  public Subcommand subcommand(Options before) {
    return new ListCommand(before);
  }
}
