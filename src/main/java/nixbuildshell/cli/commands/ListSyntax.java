package nixbuildshell.cli.commands;

import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.console.ExitCode;
import nixbuildshell.enter.Options;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Describes the words of {@code list} to picocli. */
@Command(
    name = "list",
    header = "List kept directories, sessions, or builds that run.",
    description = {
      "%nWithout DIR: the directories that Nix kept of failed builds, and your sessions, the newest"
          + " first. With DIR: its derivation and how that was told, its phases, the end of the"
          + " build log, its sessions.",
      ""
    })
public final class ListSyntax implements SubcommandSyntax {
  @Parameters(arity = "0..1", paramLabel = "DIR", description = "A kept directory, as elsewhere.")
  private String directory;

  @Option(
      names = "--running",
      description =
          "List the builds that run now in a sandbox on this machine, as /proc shows them.")
  private boolean running;

  @Option(names = "--size", description = "Measure each directory, which reads all of it.")
  private boolean size;

  @Option(names = "--json", description = "Print JSON, as docs/list.schema.json says.")
  private boolean json;

  @Override
  public Set<String> precedingOptions() {
    return Set.of("--store", "--work-dir");
  }

  @Override
  public Subcommand subcommand(Options before) {
    if (running && (size || directory != null)) {
      throw new Failure(
          "cannot read the command line",
          "--running stands alone, or with --json",
          "nix-build-shell list --help",
          ExitCode.USAGE);
    }
    return new ListCommand(
        before, Optional.ofNullable(directory).map(ByteString::new), running, size, json);
  }
}
