package nixbuildshell.sandbox;

import static nixbuildshell.abi.Syscall.*;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;

/**
 * Lists the system calls that are refused inside, in every ABI that the machine runs. All others
 * are allowed.
 *
 * <p>Source: {@code setupSeccomp} in Nix's local-derivation-goal.cc (from 2.30 on
 * linux-derivation-builder.cc), and measured in builds of 2.8.
 */
public record CallFilter(List<Refusal> refusals) {

  /**
   * Selects the refused calls among all of a name. Arguments count from 0. Only the low 32 bits of
   * an argument matter: the kernel ignores the upper half of a mode and of an ioctl's command.
   */
  public sealed interface When {}

  /** Selects all calls. */
  public record Always() implements When {
    @Override
    public String toString() {
      return "";
    }
  }

  /** Selects the calls with one of these bits in an argument. */
  public record AnyBit(int argument, int bits, String name) implements When {
    @Override
    public String toString() {
      return atItsPlace(argument, "&(" + name + ")");
    }
  }

  /** Selects the calls whose argument is one of these values. */
  public record OneOf(int argument, List<Value> values) implements When {
    public OneOf {
      values = List.copyOf(values);
    }

    @Override
    public String toString() {
      return atItsPlace(
          argument, values.stream().map(Value::name).collect(Collectors.joining("|")));
    }
  }

  /** Returns an argument at its place: {@code (_, TIOCSTI|TIOCLINUX)}. */
  private static String atItsPlace(int argument, String text) {
    return "(" + "_, ".repeat(argument) + text + ")";
  }

  /** Holds a value and its name. */
  public record Value(int number, String name) {}

  /** Holds calls that are refused, and their errno. A call is in one refusal at most. */
  public record Refusal(List<Syscall> calls, When when, Errno errno) {
    public Refusal {
      calls = List.copyOf(calls);
    }

    @Override
    public String toString() {
      return calls.stream().map(Syscall::toString).collect(Collectors.joining("|"))
          + when
          + ": "
          + errno;
    }
  }

  public CallFilter {
    refusals = List.copyOf(refusals);
    List<Syscall> calls = refusals.stream().flatMap(each -> each.calls().stream()).toList();
    if (calls.stream().distinct().count() != calls.size()) {
      throw new IllegalArgumentException("refused twice: " + calls);
    }
  }

  /**
   * Refuses to push characters into a terminal (TIOCSTI) or to paste them on a console (TIOCLINUX):
   * the caller's shell would read them next. Nix does not refuse this, since a build has no
   * terminal.
   */
  private static final Refusal TERMINAL =
      new Refusal(
          List.of(IOCTL),
          new OneOf(1, List.of(new Value(0x5412, "TIOCSTI"), new Value(0x541c, "TIOCLINUX"))),
          Errno.EPERM);

  /** Refuses only that: nix.conf says {@code filter-syscalls = false}. */
  public static final CallFilter LEAST = new CallFilter(List.of(TERMINAL));

  /**
   * Returns the filter of a build. Nix refuses {@code fchmodat2} since 2.22.0 and 2.18.3; earlier
   * versions were vulnerable, so it is refused for all of them. Nix refuses to read extended
   * attributes since 2.24, and to list them since 2.35, but these two keep the same directories.
   */
  public static CallFilter of(Generation generation) {
    List<Refusal> refusals = new ArrayList<>();
    refusals.add(refusedModes(1, CHMOD, FCHMOD));
    refusals.add(refusedModes(2, FCHMODAT, FCHMODAT2));
    refusals.add(unsupported(SETXATTR, LSETXATTR, FSETXATTR));
    if (generation == Generation.NESTED) {
      refusals.add(unsupported(GETXATTR, LGETXATTR, FGETXATTR));
    }
    refusals.add(TERMINAL);
    return new CallFilter(refusals);
  }

  private static Refusal refusedModes(int argument, Syscall... calls) {
    return new Refusal(List.of(calls), new AnyBit(argument, 06000, "S_ISUID|S_ISGID"), Errno.EPERM);
  }

  private static Refusal unsupported(Syscall... calls) {
    return new Refusal(List.of(calls), new Always(), Errno.EOPNOTSUPP);
  }

  /** Returns what is refused, for {@code --explain}. */
  @Override
  public String toString() {
    return refusals.stream()
        .map(Refusal::toString)
        .collect(Collectors.joining(", ", "{", ", else allow}"));
  }
}
