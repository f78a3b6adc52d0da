package nixbuildshell.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.cli.commands.EnterCommand;
import nixbuildshell.cli.commands.Subcommand;
import nixbuildshell.console.ExitCode;
import nixbuildshell.enter.Options;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.sandbox.Network;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParseResult;

/**
 * Describes the whole command line to picocli: options, help, version, and the subcommands. Each
 * string that picocli passes through holds one byte in each char, as {@link ByteString#latin1()}.
 */
@Command(
    name = "nix-build-shell",
    sortOptions = false,
    usageHelpAutoWidth = true,
    customSynopsis = {"nix-build-shell [OPTIONS] DIR [COMMAND [ARG...]]"},
    description = {
      "%nEnter the sandbox of a failed Nix build, as it was at the moment of failure.",
      "",
      "DIR is the directory that nix-build --keep-failed (or nix build --keep-failed) left, or"
          + " the ID that the setup hook's hint shows, or 'last' for the newest; it is never written"
          + " to, the sandbox gets a copy. COMMAND runs in /build with the build's own"
          + " variables; without one you get the build's shell."
    },
    optionListHeading = "%nOptions (before DIR; what follows it belongs to COMMAND):%n",
    footerHeading = "%nExamples:%n",
    footer = {
      "  nix-build-shell /tmp/nix-build-hello-1.0.drv-0",
      "  nix-build-shell /tmp/nix-build-hello-1.0.drv-0 make check",
      "  nix-build-shell --explain /tmp/nix-build-hello-1.0.drv-0",
      "",
      "Exit status: COMMAND's own, or 128+N when signal N ended it; 127 when it was not found, 126"
          + " when it could not be run; 125 when nix-build-shell itself failed, 2 for a wrong command"
          + " line."
    })
final class CommandLineSyntax {
  @Parameters(index = "0", arity = "0..1", paramLabel = "DIR", hidden = true)
  private String directory;

  @Parameters(index = "1..*", paramLabel = "COMMAND", hidden = true)
  private List<String> command = new ArrayList<>();

  @Option(
      names = "--drv",
      paramLabel = "FILE",
      description = "The failed derivation's .drv file, when it is not found or guessed wrong.")
  private String derivation;

  @Option(
      names = "--store",
      paramLabel = "ROOT",
      description =
          "The store that the build was of, as Nix's own --store: a directory that has nix/store in"
              + " it, or local?root=ROOT; by default what NIX_REMOTE and NIX_STORE_DIR say.")
  private String store;

  @Option(
      names = "--work-dir",
      paramLabel = "PATH",
      description =
          "Keep working copies below PATH; by default below $XDG_STATE_HOME, which is"
              + " ~/.local/state.")
  private String workDirectory;

  @Option(
      names = "--network",
      paramLabel = "host|none",
      description =
          "Give the sandbox the host's network, or none but its own loopback; by default the"
              + " host's for fixed-output and impure derivations alone.")
  private String network;

  @Option(
      names = "--sandbox-path",
      paramLabel = "PATH",
      description =
          "Show PATH of the host in the sandbox; TARGET=PATH shows it as TARGET, as in Nix's"
              + " setting sandbox-paths. May be given several times.")
  private List<String> sandboxPaths = new ArrayList<>();

  @Option(
      names = "--builder",
      description =
          "Print how Nix called the builder, and run it again in place of a COMMAND: with its"
              + " arguments and environment, on a copy of what it left.")
  private boolean builder;

  @Option(
      names = "--explain",
      description = "Print the system calls that make the sandbox, and run nothing.")
  private boolean explain;

  @Option(
      names = {"-v", "--verbose"},
      description = "Say what is known of the build and from where; twice: stack traces too.")
  private boolean[] verbose = {};

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this help.")
  private boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Print the version.")
  private boolean version;

  /** Returns a parser that leaves everything after DIR alone and expands no {@code @file}. */
  static CommandLine parser() {
    CommandLine parser =
        new CommandLine(new CommandLineSyntax())
            .setStopAtPositional(true)
            .setExpandAtFiles(false)
            .setPosixClusteredShortOptionsAllowed(true)
            .setInterpolateVariables(false);
    parser.getCommandSpec().version(version());
    return parser;
  }

  private static String version() {
    String version = CommandLineSyntax.class.getPackage().getImplementationVersion();
    return "nix-build-shell "
        + (version == null ? "(not packaged)" : version)
        + (" (Java " + Runtime.version().feature() + ", " + Kernels.bestName() + ")");
  }

  /**
   * Returns what the caller asks for.
   *
   * @throws Failure with {@link ExitCode#USAGE} when the command line is wrong
   */
  static Subcommand parse(CommandLine parser, List<ByteString> words) {
    try {
      ParseResult parsed =
          parser.parseArgs(words.stream().map(ByteString::latin1).toArray(String[]::new));
      List<CommandLine> chosen = parsed.asCommandLineList();
      CommandLine last = chosen.get(chosen.size() - 1);
      if (last.isUsageHelpRequested()) {
        return print(out -> last.usage(out, Ansi.OFF));
      } else if (last.isVersionHelpRequested()) {
        return print(out -> last.printVersionHelp(out, Ansi.OFF));
      }
      return last.getCommand() instanceof CommandLineSyntax plain
          ? new EnterCommand(plain.options(parser))
          : last.getCommand();
    } catch (ParameterException e) {
      throw new Failure(
          "cannot read the command line",
          new ByteString(e.getMessage()).toString(),
          "nix-build-shell --help",
          ExitCode.USAGE);
    }
  }

  private static Subcommand print(Consumer<PrintStream> text) {
    return (caller, messages, out) -> {
      text.accept(out);
      return 0;
    };
  }

  /**
   * Returns the options of the plain form, after parsing.
   *
   * @throws ParameterException when DIR is missing: picocli would report that before an option that
   *     does not exist
   */
  private Options options(CommandLine parser) {
    if (directory == null) {
      throw new ParameterException(parser, "DIR is missing: the directory that Nix kept");
    }
    List<ByteString> words = new ArrayList<>(command.stream().map(ByteString::new).toList());
    if (!words.isEmpty() && words.get(0).latin1().equals("--")) {
      words.remove(0);
    }
    if (builder && !words.isEmpty()) {
      throw new ParameterException(parser, "--builder is there and a COMMAND too: choose one");
    }
    return new Options(
        new ByteString(directory),
        List.copyOf(words),
        Optional.ofNullable(derivation).map(ByteString::new),
        Optional.ofNullable(store).map(ByteString::new),
        Optional.ofNullable(workDirectory).map(ByteString::new),
        Optional.ofNullable(network).map(name -> network(parser, name)),
        sandboxPaths.stream().map(ByteString::new).toList(),
        builder,
        explain,
        verbose.length);
  }

  private static Network network(CommandLine parser, String name) {
    if (!PlainForm.NETWORKS.containsKey(name)) {
      throw new ParameterException(parser, "--network is host or none, not '" + name + "'");
    }
    return PlainForm.NETWORKS.get(name);
  }
}
