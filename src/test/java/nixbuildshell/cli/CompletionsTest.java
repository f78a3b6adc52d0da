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
import org.junit.jupiter.api.Test;

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

  private static Set<String> withValue() {
    Set<String> names = new TreeSet<>();
    for (var option : CommandLineSyntax.parser().getCommandSpec().options()) {
      if (option.arity().max() > 0) {
        names.add(option.longestName().substring(2));
      }
    }
    return names;
  }

  @Test
  void theSameOptionsTakeAValue() throws IOException {
    Set<String> names = withValue();
    assertTrue(names.contains("drv"), names::toString);
    assertEquals(names, found("zsh/site-functions/_nix-build-shell", "--([a-z-]+)=\\["));
    assertEquals(
        names, found("fish/vendor_completions.d/nix-build-shell.fish", "-l ([a-z-]+) (?:-r|-x)"));
    assertEquals(names, found("man/man1/nix-build-shell.1", "\\.BI \\\\-\\\\-([a-z\\\\-]+)="));
    String bash = "bash-completion/completions/nix-build-shell";
    Set<String> lists = found(bash, "--([a-z -|]+)\\) \\(\\(i\\+\\+\\)\\)");
    assertEquals(1, lists.size(), lists::toString);
    assertEquals(names, new TreeSet<>(Set.of(lists.iterator().next().split(" \\| --"))));
  }
}
