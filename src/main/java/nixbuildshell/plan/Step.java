package nixbuildshell.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;

/**
 * One system call of a plan and what counts as success.
 *
 * @param label what the step does, to stand after "cannot" in a message ("mount a new /proc")
 * @param arguments at most six
 * @param expected when present, the only result that is a success
 * @param tolerated errnos after which the plan goes on, at most {@link #MOST_TOLERATED}
 * @param leaves whether a positive result ends the process with status 0: it is the parent of a
 *     second clone, whose child goes on
 */
public record Step(
    String label,
    Syscall syscall,
    List<Argument> arguments,
    OptionalLong expected,
    List<Tolerated> tolerated,
    boolean leaves) {

  /** As many as a record of the interpreter has room for. */
  public static final int MOST_TOLERATED = 4;

  /** An errno that does no harm at this step, and why not. */
  public record Tolerated(Errno errno, String why) {}

  public Step {
    arguments = List.copyOf(arguments);
    tolerated = List.copyOf(tolerated);
    if (arguments.size() > 6 || tolerated.size() > MOST_TOLERATED) {
      throw new IllegalArgumentException(label);
    }
  }

  public static Step of(String label, Syscall syscall, Argument... arguments) {
    return new Step(label, syscall, List.of(arguments), OptionalLong.empty(), List.of(), false);
  }

  public Step expecting(long result) {
    return new Step(label, syscall, arguments, OptionalLong.of(result), tolerated, leaves);
  }

  public Step tolerating(Errno errno, String why) {
    List<Tolerated> more = new ArrayList<>(tolerated);
    more.add(new Tolerated(errno, why));
    return new Step(label, syscall, arguments, expected, more, leaves);
  }

  public Step leavingWhenPositive() {
    return new Step(label, syscall, arguments, expected, tolerated, true);
  }
}
