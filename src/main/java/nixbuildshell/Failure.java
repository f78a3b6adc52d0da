package nixbuildshell;

import java.util.OptionalInt;

/**
 * Says what the tool could not do, so that the caller can act on it. {@code cli} prints it as one
 * line and ends with exit code 125.
 *
 * <p>It is unchecked: nothing between the place that fails and {@code cli} can mend it.
 */
public final class Failure extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String remedy;
  private final transient OptionalInt exitCode;

  /**
   * Makes a failure of the tool's own.
   *
   * @param what what could not be done, and on which path ("cannot read /x/env-vars")
   * @param why the reason, with errno's name where there is one
   * @param remedy what the caller can try; empty when nothing would help
   */
  public Failure(String what, String why, String remedy) {
    this(what, why, remedy, null);
  }

  /**
   * Makes a failure that is not the tool's own.
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

  /** Returns the tool's exit code, where it is not the usual code for a failure. */
  public OptionalInt exitCode() {
    return exitCode;
  }

  public String remedy() {
    return remedy;
  }
}
