package nixbuildshell;

import java.util.List;
import java.util.OptionalInt;

/**
 * Says what the tool could not do, so that the caller can act on it. {@code cli} prints it as one
 * line, and lists below it where there are some, and ends with exit code 125.
 *
 * <p>It is unchecked: nothing between the place that fails and {@code cli} can mend it.
 */
public final class Failure extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String remedy;
  private final transient OptionalInt exitCode;
  private final transient List<String> list;

  /**
   * Makes a failure of the tool's own.
   *
   * @param what what could not be done, and on which path ("cannot read /x/env-vars")
   * @param why the reason, with errno's name where there is one
   * @param remedy what the caller can try; empty when nothing would help
   */
  public Failure(String what, String why, String remedy) {
    this(what, why, remedy, List.of());
  }

  /**
   * Makes a failure of the tool's own with lines to follow.
   *
   * @param list what can be named, one a line
   */
  public Failure(String what, String why, String remedy, List<String> list) {
    this(what, why, remedy, OptionalInt.empty(), list, null);
  }

  /**
   * Makes a failure that is not the tool's own.
   *
   * @param exitCode what the tool ends with
   */
  public Failure(String what, String why, String remedy, int exitCode) {
    this(what, why, remedy, OptionalInt.of(exitCode), List.of(), null);
  }

  public Failure(String what, String why, String remedy, Throwable cause) {
    this(what, why, remedy, OptionalInt.empty(), List.of(), cause);
  }

  private Failure(
      String what,
      String why,
      String remedy,
      OptionalInt exitCode,
      List<String> list,
      Throwable cause) {
    super(what + ": " + why, cause);
    this.remedy = remedy;
    this.exitCode = exitCode;
    this.list = List.copyOf(list);
  }

  /** Returns the tool's exit code, where it is not the usual code for a failure. */
  public OptionalInt exitCode() {
    return exitCode;
  }

  public String remedy() {
    return remedy;
  }

  /** Returns the lines that follow the message; often none. */
  public List<String> list() {
    return list;
  }
}
