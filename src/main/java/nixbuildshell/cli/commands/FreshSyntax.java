package nixbuildshell.cli.commands;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import nixbuildshell.ByteString;
import nixbuildshell.enter.Options;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Describes the words of {@code fresh} to picocli. */
@Command(
    name = "fresh",
    sortOptions = false,
    customSynopsis = {
      "nix-build-shell fresh [--before PHASE] DRV [COMMAND [ARG...]]",
      "       nix-build-shell fresh [--before PHASE] -f FILE ATTR [COMMAND [ARG...]]"
    },
    header = "Enter the sandbox of a build that has not begun.",
    description = {
      "",
      "DRV is a derivation (/nix/store/....drv), or what nix build takes (.#hello). Nix fetches or"
          + " builds the inputs first. The build directory is as the builder finds it, and there is"
          + " no output. Without COMMAND you get the same shell as at a failure."
    })
public final class FreshSyntax implements SubcommandSyntax {
  @Option(
      names = "--before",
      paramLabel = "PHASE",
      description = "Run the phases before PHASE, and stop there.")
  private String before;

  @Option(
      names = {"-f", "--file"},
      paramLabel = "FILE",
      description = "Take DRV for an attribute of the Nix expression in FILE.")
  private String file;

  @Parameters(index = "0", arity = "1", paramLabel = "DRV", hidden = true)
  private String derivation;

  @Parameters(index = "1..*", paramLabel = "COMMAND", hidden = true)
  private List<String> command = new ArrayList<>();

  @Override
  public Set<String> precedingOptions() {
    Set<String> options = new TreeSet<>(OF_A_COPY);
    options.remove("--drv");
    options.addAll(List.of("--with", "--explain"));
    return options;
  }

  @Override
  public boolean hasCommand() {
    return true;
  }

  @Override
  public Subcommand subcommand(Options given) {
    List<ByteString> words = new ArrayList<>(command.stream().map(ByteString::new).toList());
    if (!words.isEmpty() && words.get(0).latin1().equals("--")) {
      words.remove(0);
    }
    Options.Fresh asked =
        new Options.Fresh(
            Optional.ofNullable(before).map(ByteString::new),
            Optional.ofNullable(file).map(ByteString::new));
    return new EnterCommand(given.with(asked, new ByteString(derivation), List.copyOf(words)));
  }
}
