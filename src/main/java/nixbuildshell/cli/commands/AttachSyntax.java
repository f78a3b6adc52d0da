package nixbuildshell.cli.commands;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.console.ExitCode;
import nixbuildshell.enter.AttachOptions;
import nixbuildshell.enter.Options;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Describes the words of {@code attach} to picocli. */
@Command(
    name = "attach",
    header = "Enter a build that is running, paused at its failure.",
    description = {
      "%nA build whose derivation has the setup hook and nixBuildShellPause = true waits at its"
          + " failure, and prints an ID. attach enters it alive, in its own sandbox and as the"
          + " build user. From then on the build can never go on: it ends as failed.",
      "",
      "Builds of Nix's daemon run as other users, so attach needs root."
    })
public final class AttachSyntax implements SubcommandSyntax {
  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "BUILD",
      description = "The ID, or the derivation. Default: the only build that waits.")
  private String build;

  @Option(
      names = "--pid",
      paramLabel = "PID",
      description = "Enter the build that this process belongs to.")
  private Long pid;

  @Option(names = "--release", description = "End the build, without entering it.")
  private boolean release;

  @Option(
      names = "--yes",
      description = "Enter a build that does not wait, and so end it, without a question.")
  private boolean yes;

  @Override
  public Set<String> precedingOptions() {
    return Set.of("--store");
  }

  @Override
  public Subcommand subcommand(Options before) {
    if (build != null && pid != null) {
      throw new Failure(
          "cannot attach to two builds",
          "--pid and BUILD exclude each other",
          "nix-build-shell attach --help",
          ExitCode.USAGE);
    }
    return new AttachCommand(
        before,
        new AttachOptions(
            Optional.ofNullable(build).map(ByteString::new),
            pid == null ? OptionalLong.empty() : OptionalLong.of(pid),
            release,
            yes));
  }
}
