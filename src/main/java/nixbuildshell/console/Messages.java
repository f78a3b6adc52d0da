package nixbuildshell.console;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.regex.Pattern;
import nixbuildshell.Failure;

/**
 * What the tool says on stderr, each line led by its name, so that it can be told from the
 * command's own output. Colour is for terminals and not for those who set NO_COLOR (no-color.org).
 */
public final class Messages {
  /** What is left unescaped here would be an enemy's. */
  private static final Pattern STEERING = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]");

  private static final String NAME = "nix-build-shell: ";

  private final PrintStream err;
  private final boolean colour;
  private final int verbosity;

  /**
   * @param verbosity how often {@code -v} was given
   */
  public Messages(PrintStream err, boolean colour, int verbosity) {
    this.err = err;
    this.colour = colour;
    this.verbosity = verbosity;
  }

  /** Where they go. */
  public PrintStream stream() {
    return err;
  }

  /** Something that the person should know in any case. */
  public void note(String text) {
    print(text);
  }

  /** A detail for {@code -v}. */
  public void detail(String text) {
    if (verbosity >= 1) {
      print(text);
    }
  }

  private void print(String text) {
    err.println(NAME + harmless(text));
  }

  private static String harmless(String text) {
    return STEERING.matcher(text).replaceAll("?");
  }

  /** Why the tool gives up, and what to do about it. */
  public void failure(Failure failure) {
    String message = harmless(failure.getMessage());
    String reason = (colour ? "\033[31m" : "") + message + (colour ? "\033[0m" : "");
    String remedy = failure.remedy().isEmpty() ? "" : "; " + harmless(failure.remedy());
    err.println(NAME + reason + remedy);
    trace(failure);
  }

  /** A defect of the tool itself. */
  public void defect(Throwable defect) {
    print("internal error: " + defect + "; this is a defect, -vv shows where it is");
    trace(defect);
  }

  private void trace(Throwable thrown) {
    if (verbosity >= 2) {
      StringWriter trace = new StringWriter();
      thrown.printStackTrace(new PrintWriter(trace, true));
      trace.toString().lines().forEach(line -> err.println(harmless(line.replace("\t", "  "))));
    }
  }
}
