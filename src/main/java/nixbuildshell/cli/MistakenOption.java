package nixbuildshell.cli;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.console.ExitCode;
import nixbuildshell.console.ShellWord;
import nixbuildshell.enter.Options;

/** Explains an option that stands after DIR, or is misspelt. */
final class MistakenOption {
  /** A longer way from one word to another is no slip of the finger. */
  private static final int FARTHEST = 2;

  private MistakenOption() {}

  /**
   * Requires that no COMMAND begins with a hyphen: no program is called so, and bash would take it
   * for an option of {@code exec}.
   *
   * @throws Failure with {@link ExitCode#USAGE}, and the command line that was meant
   */
  static void requireNone(Options options) {
    List<ByteString> command = options.command();
    if (command.isEmpty() || !command.get(0).startsWith("-") || command.get(0).length() < 2) {
      return;
    }
    int count = PlainForm.optionsAt(command);
    List<ByteString> meant = new ArrayList<>(List.of(ByteString.of("nix-build-shell")));
    meant.addAll(command.subList(0, count));
    meant.add(options.directory());
    meant.addAll(command.subList(count, command.size()));
    throw new Failure(
        "cannot run " + command.get(0).abridged(100),
        "it stands after DIR, where COMMAND begins; options stand before DIR",
        count > 0 ? ShellWord.quote(meant) : "nix-build-shell --help",
        ExitCode.USAGE);
  }

  /** Returns the option that a word may be meant for; empty when none is like it. */
  static Optional<String> meant(String word, Collection<String> options) {
    int equals = word.indexOf('=');
    String name = equals < 0 ? word : word.substring(0, equals);
    return options.stream()
        .filter(option -> option.startsWith("--") && name.length() > 2)
        .filter(option -> option.startsWith(name) || distance(name, option, FARTHEST) <= FARTHEST)
        .min(Comparator.comparing(option -> distance(name, option, FARTHEST)));
  }

  /**
   * Returns how many letters to insert, delete or replace to make one word of another.
   *
   * @param most a larger number need not be exact
   */
  private static int distance(String one, String other, int most) {
    if (one.isEmpty() || other.isEmpty()) {
      return one.length() + other.length();
    } else if (one.charAt(0) == other.charAt(0)) {
      return distance(one.substring(1), other.substring(1), most);
    } else if (most == 0) {
      return 1;
    }
    int replaced = distance(one.substring(1), other.substring(1), most - 1);
    int deleted = distance(one.substring(1), other, most - 1);
    int inserted = distance(one, other.substring(1), most - 1);
    return 1 + Math.min(replaced, Math.min(deleted, inserted));
  }
}
