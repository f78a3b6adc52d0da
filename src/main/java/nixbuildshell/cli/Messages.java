package nixbuildshell.cli;

import java.io.PrintStream;
import nixbuildshell.Failure;

/**
 * What the tool says on stderr, each line led by its name, so that it can be told from the
 * command's own output. Colour is for terminals and not for those who set NO_COLOR (no-color.org).
 */
final class Messages {
  private static final String NAME = "nix-build-shell: ";

  private final PrintStream err;
  private final boolean colour;
  private final int verbosity;

  /**
   * @param verbosity how often {@code -v} was given
   */
  Messages(PrintStream err, boolean colour, int verbosity) {
    this.err = err;
    this.colour = colour;
    this.verbosity = verbosity;
  }

  /** Where they go. */
  PrintStream stream() {
    return err;
  }

  /** Something that the person should know in any case. */
  void note(String text) {
    err.println(NAME + text);
  }

  /** A detail for {@code -v}. */
  void detail(String text) {
    if (verbosity >= 1) {
      err.println(NAME + text);
    }
  }

  /** Why the tool gives up, and what to do about it. */
  void failure(Failure failure) {
    String reason = (colour ? "\033[31m" : "") + failure.getMessage() + (colour ? "\033[0m" : "");
    err.println(NAME + reason + (failure.remedy().isEmpty() ? "" : "; " + failure.remedy()));
    trace(failure);
  }

  /** A defect of the tool itself. */
  void defect(Throwable defect) {
    err.println(NAME + "internal error: " + defect + "; this is a defect, -vv shows where it is");
    trace(defect);
  }

  private void trace(Throwable thrown) {
    if (verbosity >= 2) {
      thrown.printStackTrace(err);
    }
  }
}
