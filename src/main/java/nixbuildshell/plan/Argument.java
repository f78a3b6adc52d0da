package nixbuildshell.plan;

import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.sandbox.CallFilter;

/** One argument of a system call. Whatever it points to is laid out before the clone. */
public sealed interface Argument {

  /**
   * A plain number.
   *
   * @param text how {@code --explain} shows it: the constants' names, or what a descriptor is for
   */
  record Number(long value, String text) implements Argument {}

  /** A pointer to a NUL-terminated string. */
  record Text(ByteString value) implements Argument {}

  /**
   * A pointer to prepared bytes, a structure for instance.
   *
   * @param text how {@code --explain} shows them
   */
  record Data(ByteString value, String text) implements Argument {}

  /** A pointer to a NULL-terminated array of strings, as execve takes them. */
  record Strings(List<ByteString> values) implements Argument {
    public Strings {
      values = List.copyOf(values);
    }
  }

  /** A pointer to a {@code struct sock_fprog} with a filter's program for the machine. */
  record Filter(CallFilter filter) implements Argument {}

  /** The result of an earlier step, a file descriptor for instance; the first step has index 0. */
  record Result(int step) implements Argument {}

  static Argument number(long value) {
    return new Number(value, Long.toString(value));
  }

  /** Mode bits, shown in octal. */
  static Argument octal(int mode) {
    return new Number(mode, mode == 0 ? "0" : String.format("%04o", mode));
  }

  static Argument text(String value) {
    return new Text(ByteString.of(value));
  }

  /** The null pointer. */
  static Argument nothing() {
    return new Number(0, "NULL");
  }
}
