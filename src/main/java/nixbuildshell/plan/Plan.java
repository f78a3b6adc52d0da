package nixbuildshell.plan;

import java.util.List;
import java.util.StringJoiner;
import java.util.regex.Pattern;
import nixbuildshell.plan.Argument.Number;

/**
 * Lists what the child of the clone does, in order. The last step does not return ({@code execve}).
 */
public record Plan(List<Step> steps) {
  private static final Pattern FIRST_NUMBER = Pattern.compile("^(\\w+\\()\\d+(?=[,)])");

  public Plan {
    steps = List.copyOf(steps);
  }

  /**
   * Returns the output of {@code --explain}: a numbered line for each step, in strace's notation.
   * Neighbours that differ only in their first argument, a signal or a descriptor, are one line.
   */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int from = 0, to; from < steps.size(); from = to) {
      String shape = shape(from);
      to = from + 1;
      while (to < steps.size() && shape.contains("(#") && shape(to).equals(shape)) {
        to++;
      }
      text.append(
          to == from + 1
              ? String.format("%3d  %s\n", to, steps.get(from))
              : String.format(
                  "%3d-%d  %s\n", from + 1, to, shape.replaceFirst("#", numbers(from, to))));
    }
    return text.toString();
  }

  /** Returns a step's text with # in place of a number that is its first argument. */
  private String shape(int step) {
    return FIRST_NUMBER.matcher(steps.get(step).toString()).replaceFirst("$1#");
  }

  /** Returns the first arguments of some steps: {@code 1-8|10-18|20}. */
  private String numbers(int from, int to) {
    StringJoiner ranges = new StringJoiner("|");
    for (int start = from, end; start < to; start = end) {
      end = start + 1;
      while (end < to && first(end) == first(end - 1) + 1) {
        end++;
      }
      ranges.add(first(start) + (end == start + 1 ? "" : "-" + first(end - 1)));
    }
    return ranges.toString();
  }

  private long first(int step) {
    return ((Number) steps.get(step).arguments().get(0)).value();
  }
}
