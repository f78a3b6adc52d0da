package nixbuildshell.cli.commands;

import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.console.ExitCode;
import nixbuildshell.enter.Options;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Describes the words of {@code clean} to picocli. */
@Command(
    name = "clean",
    sortOptions = false,
    customSynopsis = {"nix-build-shell clean [--older-than DAYS | --all] [DIR...]"},
    header = "Delete sessions; print the command that deletes a kept directory.",
    description = {
      "%nDIR is a session, by its path or its name in the list. A kept directory is not deleted:"
          + " the command that does so is printed. A session in use stays.",
      ""
    })
public final class CleanSyntax implements SubcommandSyntax {
  @Parameters(arity = "0..*", paramLabel = "DIR", hidden = true)
  private List<String> directories = List.of();

  @Option(
      names = "--older-than",
      paramLabel = "DAYS",
      description = "Delete the sessions that were not used for so many days.")
  private String days;

  @Option(names = "--all", description = "Delete all sessions that are not in use.")
  private boolean all;

  @Override
  public Set<String> precedingOptions() {
    return Set.of("--store", "--work-dir");
  }

  @Override
  public Subcommand subcommand(Options before) {
    if (all && days != null) {
      throw wrong("--all and --older-than exclude each other");
    } else if (!all && days == null && directories.isEmpty()) {
      throw wrong("it names no session: DIR, --older-than DAYS or --all");
    } else if (days != null && !days.matches("[0-9]{1,6}")) {
      throw wrong("--older-than takes a number of days, not '" + new ByteString(days) + "'");
    }
    OptionalLong unused =
        all
            ? OptionalLong.of(0)
            : days == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(days));
    return new CleanCommand(before, unused, directories.stream().map(ByteString::new).toList());
  }

  private static Failure wrong(String why) {
    return new Failure(
        "cannot read the command line", why, "nix-build-shell clean --help", ExitCode.USAGE);
  }
}
