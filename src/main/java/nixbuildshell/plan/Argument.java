package nixbuildshell.plan;

import java.util.List;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.sandbox.CallFilter;

/**
 * Holds one argument of a system call. The bytes that it points to are laid out before the clone.
 * {@code --explain} shows its {@code toString}.
 */
public sealed interface Argument {

  /** Returns the text for a message: arguments and variables may be long, and secret. */
  default String brief() {
    return toString();
  }

  /**
   * Holds a plain number.
   *
   * @param text the names of its constants, or the purpose of a descriptor
   */
  record Number(long value, String text) implements Argument {
    /** Returns a number with the bits and the names of both. */
    Number or(Number other) {
      return new Number(value | other.value, text + "|" + other.text);
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** Points to a NUL-terminated string. */
  record Text(ByteString value) implements Argument {
    @Override
    public String toString() {
      return quote(value);
    }
  }

  /**
   * Points to a string that a store path's name completes, in {@link EachPath}.
   *
   * @param directory ends in a slash
   */
  record InStore(ByteString directory) implements Argument {
    @Override
    public String toString() {
      return quote(directory);
    }
  }

  /**
   * Points to prepared bytes, a structure for instance.
   *
   * @param text their meaning
   */
  record Data(ByteString value, String text) implements Argument {
    @Override
    public String toString() {
      return text;
    }
  }

  /** Points to a NULL-terminated array of strings, for execve. */
  record Strings(List<ByteString> values) implements Argument {
    public Strings {
      values = List.copyOf(values);
    }

    @Override
    public String brief() {
      return "[" + values.size() + " strings]";
    }

    @Override
    public String toString() {
      return values.stream().map(Argument::quote).collect(Collectors.joining(", ", "[", "]"));
    }
  }

  /** Points to a {@code struct sock_fprog} with the filter's program for the machine. */
  record Filter(CallFilter filter) implements Argument {
    @Override
    public String toString() {
      return filter.toString();
    }
  }

  /** Points to a {@code struct sock_fprog} with a filter that the kernel has already. */
  record CopiedFilter(ByteString program) implements Argument {
    @Override
    public String toString() {
      return "{" + program.length() / FilterProgram.Instruction.SIZE + " instructions}";
    }
  }

  /** Points to a {@code struct msghdr} that passes a descriptor with one byte (unix(7)). */
  record Passing(Number descriptor) implements Argument {
    @Override
    public String toString() {
      return "{\"\\0\", SCM_RIGHTS=[" + descriptor + "]}";
    }
  }

  /**
   * Stands for the result of an earlier step, a descriptor for instance.
   *
   * @param step the number of its part of the plan, from 0
   */
  record Result(int step) implements Argument {
    @Override
    public String toString() {
      return "result of " + (step + 1);
    }
  }

  static Number number(long value) {
    return new Number(value, Long.toString(value));
  }

  /** Returns mode bits, shown in octal. */
  static Number octal(int mode) {
    String digits = Integer.toOctalString(mode);
    return new Number(
        mode, mode == 0 ? "0" : "0".repeat(Math.max(0, 4 - digits.length())) + digits);
  }

  static Argument text(String value) {
    return new Text(ByteString.of(value));
  }

  /** Returns the null pointer. */
  static Argument nothing() {
    return new Number(0, "NULL");
  }

  private static String quote(ByteString value) {
    return '"' + value.toString().replace("\"", "\\\"") + '"';
  }
}
