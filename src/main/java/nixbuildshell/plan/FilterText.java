package nixbuildshell.plan;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import nixbuildshell.sandbox.CallFilter;
import nixbuildshell.sandbox.CallFilter.AnyBit;
import nixbuildshell.sandbox.CallFilter.OneOf;
import nixbuildshell.sandbox.CallFilter.Refusal;
import nixbuildshell.sandbox.CallFilter.Value;

/** What a filter refuses, for {@code --explain}. */
final class FilterText {
  private FilterText() {}

  static String of(CallFilter filter) {
    return filter.refusals().stream()
        .map(FilterText::refusal)
        .collect(Collectors.joining(", ", "{", ", else allow}"));
  }

  private static String refusal(Refusal refusal) {
    String calls =
        refusal.calls().stream()
            .map(call -> call.name().toLowerCase(Locale.ROOT))
            .collect(Collectors.joining("|"));
    return calls + when(refusal) + ": " + FilterProgram.errno(refusal.answer());
  }

  private static String when(Refusal refusal) {
    if (refusal.when() instanceof AnyBit bits) {
      return argument(bits.argument(), List.of("&(" + bits.name() + ")"));
    } else if (refusal.when() instanceof OneOf one) {
      return argument(one.argument(), one.values().stream().map(Value::name).toList());
    }
    return "";
  }

  /** The argument at its place: {@code (_, TIOCSTI|TIOCLINUX)}. */
  private static String argument(int index, List<String> values) {
    return "(" + "_, ".repeat(index) + String.join("|", values) + ")";
  }
}
