package nixbuildshell.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.stream.Collectors;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;

/**
 * Describes one system call of a plan, and its success.
 *
 * @param kind decides the advice on a failure
 * @param label says what the step does, after "cannot" in a message ("mount /proc")
 * @param arguments at most six arguments
 * @param expected the only result that is a success, when present
 * @param tolerated the errnos after which the plan goes on, at most {@link #MOST_TOLERATED}
 * @param leaves whether a positive result ends the process with status 0: the process is the parent
 *     of a second clone, whose child goes on
 */
public record Step(
    Kind kind,
    String label,
    Syscall syscall,
    List<Argument> arguments,
    OptionalLong expected,
    List<Tolerated> tolerated,
    boolean leaves)
    implements Part {

  /** The number of errnos that fit in a record of the interpreter. */
  static final int MOST_TOLERATED = 4;

  /** Lists the steps whose errnos have reasons of their own. */
  public enum Kind {
    MOUNT_PROC,
    MOUNT_OVERLAY,

    /** Makes the sandbox's pseudoterminals, without which the program gets pipes. */
    MAKE_TERMINAL,
    CHANGE_ROOT,
    SET_PERSONALITY,
    FILTER_CALLS,
    EXECUTE,
    OTHER
  }

  /** Names an errno that does no harm at this step, and the reason. */
  public record Tolerated(Errno errno, String why) {}

  public Step {
    arguments = List.copyOf(arguments);
    tolerated = List.copyOf(tolerated);
    if (arguments.size() > 6 || tolerated.size() > MOST_TOLERATED) {
      throw new IllegalArgumentException(label);
    }
  }

  /** Makes a step of kind OTHER that succeeds unless it returns an errno. */
  public static Step of(String label, Syscall syscall, Argument... arguments) {
    return of(Kind.OTHER, label, syscall, arguments);
  }

  static Step of(Kind kind, String label, Syscall syscall, Argument... arguments) {
    return new Step(
        kind, label, syscall, List.of(arguments), OptionalLong.empty(), List.of(), false);
  }

  public Step expecting(long result) {
    return new Step(kind, label, syscall, arguments, OptionalLong.of(result), tolerated, leaves);
  }

  public Step tolerating(Errno errno, String why) {
    List<Tolerated> more = new ArrayList<>(tolerated);
    more.add(new Tolerated(errno, why));
    return new Step(kind, label, syscall, arguments, expected, more, leaves);
  }

  public Step leavingWhenPositive() {
    return new Step(kind, label, syscall, arguments, expected, tolerated, true);
  }

  /** Returns the system call for a message, without arguments and variables of a program. */
  String brief() {
    return call(Argument::brief);
  }

  /** Returns the step as strace prints it, with the results that are expected or tolerated. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(call(Argument::toString));
    expected.ifPresent(result -> text.append(" = ").append(result));
    if (leaves) {
      text.append(" (leaves when positive)");
    }
    for (Tolerated each : tolerated) {
      text.append(" or ").append(each.errno).append(": ").append(each.why);
    }
    return text.toString();
  }

  private String call(Function<Argument, String> text) {
    return arguments.stream().map(text).collect(Collectors.joining(", ", syscall + "(", ")"));
  }
}
