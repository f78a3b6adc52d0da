package nixbuildshell.plan;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;

/** A step as strace would print it, with what counts as success where that is not plain. */
final class StepText {
  private StepText() {}

  static String of(Step step) {
    StringBuilder text = new StringBuilder(call(step, StepText::argument));
    step.expected().ifPresent(result -> text.append(" = ").append(result));
    if (step.leaves()) {
      text.append(" (leaves when positive)");
    }
    for (Step.Tolerated tolerated : step.tolerated()) {
      text.append(" or ").append(tolerated.errno()).append(": ").append(tolerated.why());
    }
    return text.toString();
  }

  /** The system call for a message: what a program is given may be long, and secret. */
  static String brief(Step step) {
    return call(
        step,
        argument ->
            argument instanceof Argument.Strings strings
                ? "[" + strings.values().size() + " strings]"
                : argument(argument));
  }

  private static String call(Step step, Function<Argument, String> argument) {
    return step.arguments().stream()
        .map(argument)
        .collect(Collectors.joining(", ", step.syscall() + "(", ")"));
  }

  private static String argument(Argument argument) {
    if (argument instanceof Argument.Number number) {
      return number.text();
    } else if (argument instanceof Argument.Text string) {
      return quote(string.value());
    } else if (argument instanceof Argument.Data data) {
      return data.text();
    } else if (argument instanceof Argument.Strings strings) {
      return list(strings.values());
    } else if (argument instanceof Argument.Filter calls) {
      return FilterText.of(calls.filter());
    } else if (argument instanceof Argument.Result result) {
      return "result of " + (result.step() + 1);
    }
    throw new IllegalStateException(argument.toString());
  }

  private static String list(List<ByteString> values) {
    return values.stream().map(StepText::quote).collect(Collectors.joining(", ", "[", "]"));
  }

  private static String quote(ByteString value) {
    return '"' + value.toString().replace("\"", "\\\"") + '"';
  }
}
