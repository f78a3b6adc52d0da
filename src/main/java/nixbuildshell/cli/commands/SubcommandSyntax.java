package nixbuildshell.cli.commands;

import java.util.Optional;
import java.util.Set;
import nixbuildshell.enter.Options;

/**
 * Describes the words after a subcommand's name to picocli. Each string that picocli passes through
 * holds one byte in each char.
 */
public interface SubcommandSyntax {
  /** Lists the options that say how a copy of a kept directory is made, and where. */
  Set<String> OF_A_COPY =
      Set.of(
          "--drv", "--store", "--work-dir", "--network", "--sandbox-path", "--bin-sh", "--quiet");

  /** Returns those options of the plain form, besides {@code -v}, that may precede its name. */
  Set<String> precedingOptions();

  /** Decides whether a COMMAND with options of its own follows the first word. */
  default boolean hasCommand() {
    return false;
  }

  /**
   * Returns what describes to picocli the options that have a meaning before this name alone; empty
   * when there are none.
   */
  default Optional<Object> optionsOfItsOwn() {
    return Optional.empty();
  }

  /** Decides whether picocli leaves the words after the name alone. */
  default boolean takesEveryWord() {
    return false;
  }

  /**
   * Returns what to run.
   *
   * @param before the options that precede the name; its DIR is {@code last}, its COMMAND empty
   * @throws nixbuildshell.Failure with {@link nixbuildshell.console.ExitCode#USAGE} when the words
   *     do not fit each other
   */
  Subcommand subcommand(Options before);
}
