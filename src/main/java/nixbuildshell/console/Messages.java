package nixbuildshell.console;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import nixbuildshell.Failure;

/**
 * Prints what the tool says on stderr. Each line begins with the tool's name, which tells it from
 * the command's own output.
 */
public final class Messages {
  /** Matches what could steer a terminal. An attacker may have chosen a part of any message. */
  private static final Pattern STEERING = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]");

  private static final String NAME = "nix-build-shell: ";

  private final PrintStream err;
  private final boolean colour;
  private final int verbosity;

  /**
   * Makes messages.
   *
   * @param colour whether failures are red
   * @param verbosity how often the caller gave {@code -v}
   */
  public Messages(PrintStream err, boolean colour, int verbosity) {
    this.err = err;
    this.colour = colour;
    this.verbosity = verbosity;
  }

  /** Returns the stream to which messages go. */
  public PrintStream stream() {
    return err;
  }

  /** Prints what the caller should know in any case. */
  public void note(String text) {
    err.println(NAME + harmless(text));
  }

  /** Prints a detail, with {@code -v} only. */
  public void detail(String text) {
    if (verbosity >= 1) {
      note(text);
    }
  }

  /** Prints a detail that takes time to put into words. */
  public void detail(Supplier<String> text) {
    if (verbosity >= 1) {
      note(text.get());
    }
  }

  /** Prints why the tool gives up, and what the caller can try. */
  public void failure(Failure failure) {
    String reason = harmless(failure.getMessage());
    String remedy = failure.remedy().isEmpty() ? "" : ". Try: " + harmless(failure.remedy());
    err.println(NAME + (colour ? "\033[31m" + reason + "\033[0m" : reason) + remedy);
    failure.list().forEach(this::note);
    trace(failure);
  }

  /** Prints a defect of the tool itself. */
  public void defect(Throwable defect) {
    note(
        "internal error: "
            + defect
            + "; this is a defect of nix-build-shell: report it with the output of -vv");
    trace(defect);
  }

  private void trace(Throwable thrown) {
    if (verbosity >= 2) {
      StringWriter trace = new StringWriter();
      thrown.printStackTrace(new PrintWriter(trace, true));
      trace.toString().lines().forEach(line -> err.println(harmless(line.replace("\t", "  "))));
    }
  }

  private static String harmless(String text) {
    return STEERING.matcher(text).replaceAll("?");
  }
}
