package nixbuildshell.cli.commands;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.enter.Options;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/** Describes the words of {@code build} to picocli: all of them are the front end's. */
@Command(
    name = "build",
    header = "Build, and open a shell at the failure, if it fails.",
    customSynopsis = "nix-build-shell [--using PROGRAM] [--no-shell] [--json] build [ARG...]",
    description = {
      "%nRuns 'nix build ARG...' with keep-failed = true, or 'nix-build ARG...' when the first ARG"
          + " is a file, -A or -E. Every ARG goes to it as it is, and its exit status is this"
          + " program's.",
      "",
      "When a build has failed, its shell opens: at the failure, as with"
          + " 'nix-build-shell DIR'."
    },
    footerHeading = "%nOptions (before 'build'):%n",
    footer = {
      "  --using PROGRAM  Build with nix-build, nom, nixos-rebuild, home-manager or any other",
      "                   program that runs Nix: PROGRAM ARG...",
      "  --no-shell       Say how to enter what failed, and open no shell.",
      "  --json           Do the same in JSON on stdout; what PROGRAM prints there goes to stderr."
    })
public final class BuildSyntax implements SubcommandSyntax {
  private final BuildOptions options = new BuildOptions();

  @Unmatched private List<String> arguments = new ArrayList<>();

  @Override
  public Optional<Object> optionsOfItsOwn() {
    return Optional.of(options);
  }

  @Override
  public boolean takesEveryWord() {
    return true;
  }

  @Override
  public Set<String> precedingOptions() {
    return Set.of(
        "--using",
        "--no-shell",
        "--json",
        "--store",
        "--work-dir",
        "--network",
        "--sandbox-path",
        "--bin-sh",
        "--quiet");
  }

  @Override
  public Subcommand subcommand(Options before) {
    return new BuildCommand(
        before,
        Optional.ofNullable(options.using).map(ByteString::new),
        arguments.stream().map(ByteString::new).toList(),
        options.noShell,
        options.json);
  }
}
