package nixbuildshell;

import java.util.OptionalInt;

/**
 * Something that the tool could not do, told so that a person can act on it. {@code cli} prints it
 * as one line and ends with exit code 125.
 *
 * <p>Unchecked, because nothing between the place that fails and {@code cli} can mend it.
 */
public final class Failure extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String remedy;
  private final transient OptionalInt exitCode;

  /**
   * @param what what could not be done, and on which path ("cannot read /x/env-vars")
   * @param why the reason, with errno's name where there is one
   * @param remedy what to do about it; empty when nothing sensible can be said
   */
  public Failure(String what, String why, String remedy) {
    this(what, why, remedy, null);
  }

  /**
   * A failure that is not the tool's own.
   *
   * @param exitCode what the tool ends with
   */
  public Failure(String what, String why, String remedy, int exitCode) {
    super(what + ": " + why);
    this.remedy = remedy;
    this.exitCode = OptionalInt.of(exitCode);
  }

  public Failure(String what, String why, String remedy, Throwable cause) {
    super(what + ": " + why, cause);
    this.remedy = remedy;
    this.exitCode = OptionalInt.empty();
  }

  /** What the tool ends with, when that is not its usual code for a failure. */
  public OptionalInt exitCode() {
    return exitCode;
  }

  public String remedy() {
    return remedy;
  }
}
