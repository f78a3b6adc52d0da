package nixbuildshell.cli;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.DirectoryArgument;
import nixbuildshell.cli.commands.AttachSyntax;
import nixbuildshell.cli.commands.BuildSyntax;
import nixbuildshell.cli.commands.CleanSyntax;
import nixbuildshell.cli.commands.DiffSyntax;
import nixbuildshell.cli.commands.DoctorSyntax;
import nixbuildshell.cli.commands.EnterCommand;
import nixbuildshell.cli.commands.FreshSyntax;
import nixbuildshell.cli.commands.ListSyntax;
import nixbuildshell.cli.commands.NewestCommand;
import nixbuildshell.cli.commands.PathSyntax;
import nixbuildshell.cli.commands.RetrySyntax;
import nixbuildshell.cli.commands.Subcommand;
import nixbuildshell.cli.commands.SubcommandSyntax;
import nixbuildshell.console.ExitCode;
import nixbuildshell.console.Messages;
import nixbuildshell.enter.Options;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.nix.Caller;
import nixbuildshell.store.EndOrder;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Describes the whole command line to picocli: options, help, version, and the subcommands. Each
 * string that picocli passes through holds one byte in each char, as {@link ByteString#latin1()}.
 */
@Command(
    name = "nix-build-shell",
    sortOptions = false,
    usageHelpAutoWidth = true,
    customSynopsis = {
      "nix-build-shell [OPTIONS] DIR [COMMAND [ARG...]]",
      "       nix-build-shell [OPTIONS] SUBCOMMAND [ARG...]"
    },
    description = {
      "%nEnter the sandbox of a failed Nix build, as it was when the build failed.",
      "",
      "DIR is the directory that nix-build --keep-failed (or nix build --keep-failed) left; or"
          + " 'last' for the newest; or the ID that the setup hook printed; or a session's name."
          + " Without DIR, on a terminal, you choose one of the newest. The sandbox works on a"
          + " copy: DIR itself is never changed.",
      "",
      "COMMAND runs in /build with the build's variables, and its changes are discarded. Without"
          + " COMMAND, on a terminal, you get a shell at the failure, with 'retry', 'resume' and"
          + " 'phases'. If you change something in it, the copy stays as a session, and a message"
          + " says how to enter it again."
    },
    optionListHeading = "%nOptions (before DIR; what follows DIR belongs to COMMAND):%n",
    commandListHeading =
        "%nSubcommands (SUBCOMMAND --help tells more; ./NAME is a directory of that name):%n",
    footerHeading = "%nExamples:%n",
    footer = {
      "  Look around in the newest failure:",
      "    nix-build-shell last",
      "  Run one command of the build again, and keep nothing:",
      "    nix-build-shell /tmp/nix-build-hello-1.0.drv-0 make check",
      "",
      "Exit status: COMMAND's own; 128+N when signal N ended it; 127 when it was not found; 126"
          + " when it could not be run; 125 when nix-build-shell itself failed; 2 for a wrong"
          + " command line."
    })
final class CommandLineSyntax {
  @Parameters(index = "0", arity = "0..1", paramLabel = "DIR", hidden = true)
  private String directory;

  @Parameters(index = "1..*", paramLabel = "COMMAND", hidden = true)
  private List<String> command = new ArrayList<>();

  @Option(
      names = "--drv",
      paramLabel = "FILE",
      description =
          "The derivation that failed: needed when none is found for DIR, or the wrong one.")
  private String derivation;

  @Option(
      names = "--store",
      paramLabel = "ROOT",
      description =
          "The store of the build, as with Nix's own --store: a directory that contains nix/store."
              + " Default: what Nix's settings and NIX_REMOTE say.")
  private String store;

  @Option(
      names = "--work-dir",
      paramLabel = "PATH",
      description =
          "Keep sessions below PATH. Default: below $XDG_STATE_HOME, which is ~/.local/state.")
  private String workDirectory;

  @Option(
      names = "--network",
      paramLabel = "host|none",
      description =
          "Give the sandbox the host's network, or none but a loopback. Default: the host's, for"
              + " fixed-output and impure derivations only.")
  private String network;

  @Option(
      names = "--sandbox-path",
      paramLabel = "PATH",
      description =
          "Show PATH of the host in the sandbox, read-only; TARGET=PATH shows it at TARGET, as in"
              + " Nix's setting sandbox-paths. A path in the store is shown with its closure. Can"
              + " be repeated.")
  private List<String> sandboxPaths = new ArrayList<>();

  @Option(
      names = "--with",
      paramLabel = "PKG",
      description =
          "Bring a package into the sandbox, with its closure: a store path, or what nix build"
              + " takes (nixpkgs#gdb). Its programs come at the end of PATH, behind the build's"
              + " own. Can be repeated; a session remembers it.")
  private List<String> packages = new ArrayList<>();

  @Option(
      names = "--bin-sh",
      paramLabel = "build|nix",
      description =
          "Have the build's own shell at /bin/sh, or what Nix gave the build there, perhaps"
              + " nothing. Default: build; nix with --builder.")
  private String binSh;

  @Option(
      names = "--builder",
      description =
          "Print how Nix called the builder, and run it again in an empty build directory and"
              + " without outputs: fresh, with the builder as COMMAND.")
  private boolean builder;

  @Option(
      names = "--explain",
      description = "Print the system calls that make the sandbox, and run nothing.")
  private boolean explain;

  @Option(
      names = {"-q", "--quiet"},
      description = "Print no greeting before the shell.")
  private boolean quiet;

  @Option(
      names = {"-v", "--verbose"},
      description =
          "Print what is known of the build, and from which source; twice: stack traces too.")
  private boolean[] verbose = {};

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Print this help.")
  private boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Print the version.")
  private boolean version;

  /**
   * Returns a parser that leaves everything after DIR alone and expands no {@code @file}.
   *
   * @param subcommands the syntax of each subcommand
   */
  static CommandLine parser(SubcommandSyntax... subcommands) {
    CommandLine parser = plain(new CommandLineSyntax()).setStopAtPositional(true);
    parser.getCommandSpec().version(version());
    for (SubcommandSyntax each : subcommands) {
      each.optionsOfItsOwn().ifPresent(own -> parser.addMixin(own.getClass().getSimpleName(), own));
      CommandLine subcommand = plain(each);
      parser.addSubcommand(each.takesEveryWord() ? everyWord(subcommand) : subcommand);
      subcommand.setStopAtPositional(each.hasCommand());
    }
    return parser;
  }

  /** Leaves all words alone, {@code --} too. Help is asked for by the first word alone. */
  private static CommandLine everyWord(CommandLine subcommand) {
    return subcommand.setStopAtUnmatched(true).setEndOfOptionsDelimiter("\0");
  }

  /** Returns a parser for the whole command line. */
  static CommandLine parser() {
    return parser(
        new AttachSyntax(),
        new BuildSyntax(),
        new CleanSyntax(),
        new DiffSyntax(),
        new DoctorSyntax(),
        new FreshSyntax(),
        new ListSyntax(),
        new PathSyntax(),
        new RetrySyntax());
  }

  private static CommandLine plain(Object syntax) {
    return new CommandLine(syntax)
        .setExpandAtFiles(false)
        .setPosixClusteredShortOptionsAllowed(true)
        .setAllowSubcommandsAsOptionParameters(true)
        .setInterpolateVariables(false);
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
      CommandLineSyntax plain = parser.getCommand();
      return last == parser ? plain.plain(parser, parsed) : plain.subcommand(parsed, last);
    } catch (ParameterException e) {
      throw failure(e);
    }
  }

  private static Failure failure(ParameterException e) {
    String help = e.getCommandLine().getCommandSpec().qualifiedName() + " --help";
    return new Failure(
        "cannot read the command line",
        new ByteString(e.getMessage()).toString(),
        meant(e).map(option -> option + ", if that is meant; " + help + " lists all").orElse(help),
        ExitCode.USAGE);
  }

  private Subcommand subcommand(ParseResult parsed, CommandLine chosen) {
    SubcommandSyntax syntax = chosen.getCommand();
    String name = chosen.getCommandName();
    for (OptionSpec option : parsed.matchedOptions()) {
      if (!option.longestName().equals("--verbose")
          && !syntax.precedingOptions().contains(option.longestName())) {
        throw new ParameterException(chosen, option.longestName() + " means nothing to " + name);
      }
    }
    Subcommand subcommand =
        syntax.subcommand(options(chosen, ByteString.of(DirectoryArgument.LAST), List.of()));
    return Files.isDirectory(Path.of(name)) ? new Ambiguous(name, subcommand) : subcommand;
  }

  /** Tells that a directory has the subcommand's name, and then runs the subcommand. */
  private record Ambiguous(String name, Subcommand subcommand) implements Subcommand {
    @Override
    public int verbosity() {
      return subcommand.verbosity();
    }

    @Override
    public int run(Caller caller, Messages messages, PrintStream out) {
      messages.note(name + " is taken for the subcommand; the directory is ./" + name);
      return subcommand.run(caller, messages, out);
    }
  }

  private static Optional<String> meant(ParameterException problem) {
    return problem instanceof UnmatchedArgumentException unknown
        ? MistakenOption.meant(
            unknown.getUnmatched().get(0),
            unknown.getCommandLine().getCommandSpec().optionsMap().keySet())
        : Optional.empty();
  }

  private static Subcommand print(Consumer<PrintStream> text) {
    return (caller, messages, out) -> {
      text.accept(out);
      return 0;
    };
  }

  /** Returns what the plain form asks for, after parsing. */
  private Subcommand plain(CommandLine parser, ParseResult parsed) {
    for (CommandSpec own : parser.getCommandSpec().mixins().values()) {
      for (OptionSpec option : own.options()) {
        if (parsed.hasMatchedOption(option.longestName())) {
          throw new ParameterException(
              parser, option.longestName() + " means something before a subcommand only");
        }
      }
    }
    if (directory == null) {
      // Here, since picocli would report that before an option that does not exist.
      return new NewestCommand(
          options(parser, ByteString.of(DirectoryArgument.LAST), List.of()),
          failure(new ParameterException(parser, "DIR is missing: the directory that Nix kept")));
    }
    List<ByteString> words = new ArrayList<>(command.stream().map(ByteString::new).toList());
    if (!words.isEmpty() && words.get(0).latin1().equals("--")) {
      words.remove(0);
    }
    if (builder && !words.isEmpty()) {
      throw new ParameterException(parser, "--builder and a COMMAND exclude each other");
    } else if (builder && !packages.isEmpty()) {
      throw new ParameterException(parser, "--builder and --with exclude each other");
    }
    return new EnterCommand(options(parser, new ByteString(directory), List.copyOf(words)));
  }

  private Options options(CommandLine parser, ByteString place, List<ByteString> words) {
    return new Options(
        place,
        words,
        Optional.ofNullable(derivation).map(ByteString::new),
        Optional.ofNullable(store).map(ByteString::new),
        Optional.ofNullable(workDirectory).map(ByteString::new),
        Optional.ofNullable(network)
            .map(name -> known(parser, "--network is host or none", PlainForm.NETWORKS, name)),
        Optional.ofNullable(binSh)
            .map(name -> known(parser, "--bin-sh is build or nix", PlainForm.BIN_SH, name)),
        sandboxPaths.stream().map(ByteString::new).toList(),
        packages.stream().map(ByteString::new).toList(),
        builder,
        explain,
        Optional.empty(),
        EndOrder.UNKNOWN,
        Optional.empty(),
        quiet,
        verbose.length);
  }

  private static <T> T known(CommandLine parser, String rule, Map<String, T> all, String name) {
    if (!all.containsKey(name)) {
      throw new ParameterException(parser, rule + ", not '" + name + "'");
    }
    return all.get(name);
  }
}
