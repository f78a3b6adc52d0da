package nixbuildshell.cli.commands;

import picocli.CommandLine.Option;

/** Describes to picocli the options that have a meaning before {@code build} alone. */
final class BuildOptions {
  @Option(
      names = "--using",
      paramLabel = "PROGRAM",
      description = "Before 'build': the program to build with. Default: nix build, or nix-build.")
  String using;

  @Option(names = "--no-shell", description = "Before 'build': open no shell after a failure.")
  boolean noShell;

  @Option(names = "--json", description = "Before 'build': say in JSON what failed.")
  boolean json;
}
