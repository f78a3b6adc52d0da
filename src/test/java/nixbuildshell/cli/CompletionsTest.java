package nixbuildshell.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/**
 * Holds the completions and the man page to the grammar: the same options take a value. {@code
 * tests/integration/documents.sh} compares all options, as the shells themselves offer them.
 */
class CompletionsTest {
  /** Finds the options in a file that this pattern matches, without dashes. */
  private static Set<String> found(String file, String regex) throws IOException {
    Set<String> names = new TreeSet<>();
    Matcher matcher = Pattern.compile(regex).matcher(Files.readString(Path.of("share", file)));
    while (matcher.find()) {
      names.add(matcher.group(1).replace("\\", ""));
    }
    return names;
  }

  private static Set<String> withValue(CommandLine syntax) {
    Set<String> names = new TreeSet<>();
    for (var option : syntax.getCommandSpec().options()) {
      if (option.arity().max() > 0) {
        names.add(option.longestName().substring(2));
      }
    }
    return names;
  }

  private static Set<String> withValueAnywhere() {
    Set<String> names = withValue(CommandLineSyntax.parser());
    CommandLineSyntax.parser().getSubcommands().values().forEach(s -> names.addAll(withValue(s)));
    return names;
  }

  private static String read(String file) throws IOException {
    return Files.readString(Path.of("share", file));
  }

  /** Compares each subcommand's options with its line, or its lines, in each file. */
  @Test
  void everySubcommandIsOfferedWithItsOptions() throws IOException {
    String bash = read("bash-completion/completions/nix-build-shell");
    String zsh = read("zsh/site-functions/_nix-build-shell");
    String fish = read("fish/vendor_completions.d/nix-build-shell.fish");
    String man = read("man/man1/nix-build-shell.1").replace("\\-", "-");
    for (var subcommand : CommandLineSyntax.parser().getSubcommands().entrySet()) {
      String name = subcommand.getKey();
      Set<String> options = new TreeSet<>();
      subcommand.getValue().getCommandSpec().options().forEach(o -> options.add(o.longestName()));
      assertEquals(
          options, optionsIn(lines(bash, "\t" + name + "\\) options=.*")), "bash: " + name);
      options.remove("--help");
      assertEquals(options, optionsIn(lines(zsh, "  " + name + "\\) .*")), "zsh: " + name);
      String ofFish = lines(fish, ".*seen_subcommand_from " + name + "' -l .*");
      assertEquals(options, optionsIn(ofFish.replaceAll(" -l (\\S+)", " --$1")), "fish: " + name);
      assertTrue(fish.contains("__fish_is_first_token' -a " + name + " "), "fish: " + name);
      assertTrue(lines(zsh, ".*'subcommands:.*").matches("(?s).*\\b" + name + "\\b.*"), name);
      assertTrue(lines(bash, ".*_dirs \"[a-z ]+\\$.*").matches("(?s).*\\b" + name + "\\b.*"), name);
      String ofMan = man.split("\n\\.TP\n\\.B " + name + "\n")[1].split("\n\\.(?:TP|PP|SH)")[0];
      Set<String> told = optionsIn(ofMan);
      assertTrue(told.containsAll(options), "man: " + name + ": " + told);
    }
  }

  private static String lines(String text, String regex) {
    return text.lines().filter(line -> line.matches(regex)).collect(Collectors.joining("\n"));
  }

  private static Set<String> optionsIn(String text) {
    Set<String> names = new TreeSet<>();
    Pattern.compile("--[a-z][a-z-]*").matcher(text).results().forEach(m -> names.add(m.group()));
    return names;
  }

  @Test
  void theSameOptionsTakeAValue() throws IOException {
    Set<String> names = withValueAnywhere();
    assertTrue(names.contains("drv"), names::toString);
    assertEquals(names, found("zsh/site-functions/_nix-build-shell", "--([a-z-]+)=\\["));
    assertEquals(
        names, found("fish/vendor_completions.d/nix-build-shell.fish", "-l ([a-z-]+) (?:-r|-x)"));
    Set<String> ofPlainForm = withValue(CommandLineSyntax.parser());
    assertEquals(
        ofPlainForm, found("man/man1/nix-build-shell.1", "\\.BI \\\\-\\\\-([a-z\\\\-]+)="));
    String bash = "bash-completion/completions/nix-build-shell";
    Set<String> lists = found(bash, "--([a-z -|]+)\\) \\(\\(i\\+\\+\\)\\)");
    assertEquals(1, lists.size(), lists::toString);
    assertEquals(
        withValue(CommandLineSyntax.parser()),
        new TreeSet<>(Set.of(lists.iterator().next().split(" \\| --"))));
  }
}
