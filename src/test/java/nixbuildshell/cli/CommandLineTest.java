package nixbuildshell.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.cli.commands.EnterCommand;
import nixbuildshell.cli.commands.NewestCommand;
import nixbuildshell.cli.commands.Subcommand;
import nixbuildshell.cli.commands.SubcommandSyntax;
import nixbuildshell.console.ExitCode;
import nixbuildshell.console.Messages;
import nixbuildshell.enter.Options;
import nixbuildshell.nix.Caller;
import nixbuildshell.sandbox.BinSh;
import nixbuildshell.sandbox.Network;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Holds picocli's grammar and that of {@link PlainForm} to the same results. */
class CommandLineTest {
  private static final Caller WITHOUT_TERMINAL =
      Caller.of(Map.of(), Set.of(), Path.of("/nonexistent"), 1000, 100, 0);

  /** Options that mean something before {@code build} alone; PlainForm leaves them to picocli. */
  private static final List<String> BEFORE_BUILD = List.of("--using", "--no-shell", "--json");

  /** Every option in each spelling, what is like one, and words that are none. */
  private static final List<String> WORDS =
      List.of(
          "--drv",
          "--drv=x",
          "--store=",
          "--store",
          "--work-dir",
          "--work-dir==",
          "--network",
          "--network=host",
          "--bin-sh",
          "--bin-sh=nix",
          "none",
          "--sandbox-path",
          "--sandbox-path=a=b",
          "--with",
          "--with=x",
          "--builder",
          "--explain",
          "--explain=true",
          "-q",
          "--quiet",
          "-v",
          "-vv",
          "-vx",
          "--verbose",
          "--",
          "-",
          "-x",
          "--dr",
          "",
          "D");

  /**
   * Words that picocli takes for a value ({@code --drv -x}) or a flag, and PlainForm leaves to it.
   */
  private static final List<String> ONLY_PICOCLI = List.of("-x", "--dr", "--explain=true");

  private static List<ByteString> bytes(String... latin1) {
    return List.of(latin1).stream().map(ByteString::new).toList();
  }

  /** One for all lines: making a parser takes longer than a parse, which forgets the one before. */
  private final CommandLine picocli = CommandLineSyntax.parser();

  private Optional<Options> byPicocli(List<ByteString> words) {
    try {
      Subcommand subcommand = CommandLineSyntax.parse(picocli, words);
      return subcommand instanceof NewestCommand
          ? Optional.empty() // It needs the terminal to tell whether the line is wrong.
          : Optional.of(((EnterCommand) subcommand).options());
    } catch (Failure e) {
      assertEquals(ExitCode.USAGE, e.exitCode().orElseThrow());
      return Optional.empty();
    }
  }

  private Options parse(String... words) {
    Options options = PlainForm.parse(bytes(words)).orElseThrow();
    assertEquals(Optional.of(options), byPicocli(bytes(words)));
    return options;
  }

  /** Compares the two on all lines of up to three words. */
  @Test
  void bothHaveOneGrammar() {
    List<List<String>> lines = new ArrayList<>(List.of(List.of()));
    for (int next = 0; next < lines.size(); next++) {
      List<String> line = lines.get(next);
      List<ByteString> words = bytes(line.toArray(String[]::new));
      Optional<Options> plain = PlainForm.parse(words);
      if (plain.isPresent() || ONLY_PICOCLI.stream().noneMatch(line::contains)) {
        assertEquals(byPicocli(words), plain, line::toString);
      }
      for (String word : line.size() < 3 ? WORDS : List.<String>of()) {
        List<String> longer = new ArrayList<>(line);
        longer.add(word);
        lines.add(longer);
      }
    }
  }

  @Test
  void everyOptionIsCompared() {
    Set<String> options =
        new HashSet<>(CommandLineSyntax.parser().getCommandSpec().optionsMap().keySet());
    options.removeAll(List.of("-h", "--help", "-V", "--version"));
    options.removeAll(WORDS);
    options.removeAll(BEFORE_BUILD);
    assertEquals(Set.of(), options);
  }

  @Test
  void bothHaveTheSameSubcommands() {
    assertEquals(PlainForm.SUBCOMMANDS, CommandLineSyntax.parser().getSubcommands().keySet());
  }

  /** Runs nothing; its syntax is its own. */
  @Command(name = "src")
  private static final class Sub implements Subcommand, SubcommandSyntax {
    @Parameters private List<String> words = List.of();
    private Options before;

    @Override
    public Set<String> precedingOptions() {
      return Set.of("--work-dir");
    }

    @Override
    public Subcommand subcommand(Options given) {
      before = given;
      return this;
    }

    @Override
    public int run(Caller caller, Messages messages, PrintStream out) {
      return words.size();
    }
  }

  @Test
  void aSubcommandWinsOverADirectory() {
    Sub sub = new Sub();
    CommandLine parser = CommandLineSyntax.parser(sub);
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Subcommand chosen = CommandLineSyntax.parse(parser, bytes("-v", "src", "@a", "\u00ff"));
    assertEquals(
        2, chosen.run(null, new Messages(new PrintStream(err), false, 0), null), "two words");
    assertTrue(err.toString().contains("the directory is ./src"), err::toString);
    assertEquals(List.of("@a", "\u00ff"), sub.words);
    for (List<ByteString> words : List.of(bytes("./src"), bytes("D", "src"), bytes("--", "src"))) {
      CommandLine plain = CommandLineSyntax.parser(new Sub());
      assertEquals(EnterCommand.class, CommandLineSyntax.parse(plain, words).getClass());
    }
  }

  @Test
  void aSubcommandGetsTheOptionsBeforeIt() {
    Sub sub = new Sub();
    CommandLineSyntax.parse(CommandLineSyntax.parser(sub), bytes("-v", "--work-dir=/w", "src"));
    assertEquals("/w", sub.before.workDirectory().orElseThrow().latin1());
    assertEquals(1, sub.before.verbosity());
    assertEquals("last", sub.before.directory().latin1());
  }

  @ParameterizedTest
  @CsvSource({
    "--builder src, --builder means nothing to src, nix-build-shell src --help",
    "src --nonsense, --nonsense, nix-build-shell src --help",
    "src --hel, --hel, '--help, if that is meant; nix-build-shell src" + " --help lists all'",
  })
  void aWrongLineOfASubcommandNamesItsHelp(String line, String why, String remedy) {
    Failure refused =
        assertThrows(
            Failure.class,
            () ->
                CommandLineSyntax.parse(
                    CommandLineSyntax.parser(new Sub()), bytes(line.split(" "))));
    assertEquals(ExitCode.USAGE, refused.exitCode().orElseThrow());
    assertTrue(refused.getMessage().contains(why), refused.getMessage());
    assertEquals(remedy, refused.remedy());
  }

  /** Every subcommand has a help of its own, and the main help names it. */
  @Test
  void everySubcommandHasAHelp() {
    String all = printed("--help");
    for (String name : PlainForm.SUBCOMMANDS) {
      assertTrue(all.contains("\n  " + name + " "), all);
      String help = printed(name, "--help");
      assertTrue(
          help.matches("(?s).*\nUsage: nix-build-shell (\\[[^\n]*\\] )?" + name + " .*"), help);
      assertEquals(help, printed(name, "-h"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "build",
        "build .#x -L --keep-going",
        "build -A x --using y -v -- --json -h",
        "--json -v build --drv x",
        "--using=nom build build -h"
      })
  void everyWordAfterBuildIsTheFrontEnds(String line) {
    assertEquals(Optional.empty(), PlainForm.parse(bytes(line.split(" "))));
    Subcommand build = CommandLineSyntax.parse(CommandLineSyntax.parser(), bytes(line.split(" ")));
    List<String> words = List.of(line.split(" "));
    List<String> after = words.subList(words.indexOf("build") + 1, words.size());
    assertTrue(build.toString().contains("arguments=" + bytes(after.toArray(new String[0]))), line);
  }

  @Test
  void optionsOfBuildMeanNothingToAShell() {
    Failure failure =
        assertThrows(
            Failure.class,
            () -> CommandLineSyntax.parse(CommandLineSyntax.parser(), bytes("--json", "D")));
    assertEquals(Optional.of(2), Optional.of(failure.exitCode().orElseThrow()));
  }

  private static String printed(String... words) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    CommandLineSyntax.parse(CommandLineSyntax.parser(), bytes(words))
        .run(null, null, new PrintStream(out));
    return out.toString();
  }

  @Test
  void optionsAfterTheDirectoryBelongToTheCommand() {
    Options options = parse("-v", "--work-dir", "/w", "D", "ls", "-la", "--help", "-v", "--drv=x");
    assertEquals(bytes("ls", "-la", "--help", "-v", "--drv=x"), options.command());
    assertEquals(1, options.verbosity());
    assertEquals("/w", options.workDirectory().orElseThrow().latin1());
    assertEquals("D", options.directory().latin1());
  }

  @Test
  void theCommandMayFollowADelimiter() {
    assertEquals(bytes("-x", "--", "y"), parse("D", "--", "-x", "--", "y").command());
    assertEquals(bytes("-x"), parse("--", "D", "-x").command());
  }

  @Test
  void everyByteOfAnArgumentSurvives() {
    String odd = "\u00ff\u0001\n\"'$ {x} ${sys:user.name} @|bold x|@";
    assertEquals(bytes(odd, "", "@/etc/passwd"), parse("D", odd, "", "@/etc/passwd").command());
    assertEquals(new ByteString(odd), parse("--drv", odd, "@D").derivation().orElseThrow());
  }

  @Test
  void sandboxPathsAddUp() {
    Options options =
        parse("--sandbox-path", "/a=/b", "--sandbox-path=/c d", "D", "--sandbox-path=x");
    assertEquals(bytes("/a=/b", "/c d"), options.sandboxPaths());
    assertEquals(bytes("--sandbox-path=x"), options.command());
  }

  @Test
  void verbosityCounts() {
    assertEquals(2, parse("-vv", "D").verbosity());
    assertEquals(2, parse("-v", "--verbose", "D").verbosity());
  }

  @Test
  void theNetworkIsTheHostsOrNone() {
    assertEquals(Optional.empty(), parse("D", "--network=host").network());
    assertEquals(Optional.of(Network.HOST), parse("--network=host", "D").network());
    assertEquals(Optional.of(Network.LOOPBACK), parse("--network", "none", "D").network());
  }

  @Test
  void binShIsTheBuildsOrNixs() {
    assertEquals(Optional.empty(), parse("D", "--bin-sh=nix").binSh());
    assertEquals(Optional.of(BinSh.NIX), parse("--bin-sh=nix", "D").binSh());
    assertEquals(Optional.of(BinSh.BUILD), parse("--bin-sh", "build", "D").binSh());
  }

  @ParameterizedTest
  @ValueSource(strings = {"--help", "-h D", "-vh", "--version", "-V", "--builder --help D ls"})
  void helpAndVersionAreLeftToPicocli(String line) {
    assertEquals(Optional.empty(), PlainForm.parse(bytes(line.split(" "))));
  }

  @ParameterizedTest
  @CsvSource({
    "'', DIR is missing",
    "-v, DIR is missing",
    "--nonsense D, '--nonsense'",
    "--nonsense, '--nonsense'",
    "-x D, '-x'",
    "--drv, '--drv'",
    "--network, '--network'",
    "--network=some D, 'some'",
    "--bin-sh=bash D, '--bin-sh is build or nix'",
    "--network HOST D, 'HOST'",
    "clean, it names no session",
    "clean --all --older-than 3, exclude each other",
    "clean --older-than x, 'not x'",
    "clean --older-than -1, older-than",
    "list --running D, --running stands alone",
    "list A B, Unmatched argument"
  })
  void aWrongCommandLineIsRefusedAndTheCulpritNamed(String line, String named) {
    List<ByteString> words = line.isEmpty() ? List.of() : bytes(line.split(" "));
    assertEquals(Optional.empty(), PlainForm.parse(words));
    Failure refused =
        assertThrows(
            Failure.class,
            () ->
                CommandLineSyntax.parse(CommandLineSyntax.parser(), words)
                    .run(WITHOUT_TERMINAL, null, null));
    assertTrue(
        refused.getMessage().replace("'", "").contains(named.replace("'", "")),
        refused.getMessage());
  }
}
