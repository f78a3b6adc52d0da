package nixbuildshell.plan;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.StringJoiner;
import java.util.regex.Pattern;
import nixbuildshell.plan.Argument.Number;

/**
 * Lists what the child of the clone does, in order. The last step does not return ({@code execve}).
 */
public record Plan(List<? extends Part> parts) {
  private static final Pattern FIRST_NUMBER = Pattern.compile("^(\\w+\\()\\d+(?=[,)])");

  public Plan {
    parts = List.copyOf(parts);
  }

  /** Returns all steps, which takes long where there are thousands. */
  public List<Step> steps() {
    List<Step> steps = new ArrayList<>();
    for (Part part : parts) {
      steps.addAll(steps(part));
    }
    return steps;
  }

  private static List<Step> steps(Part part) {
    return part instanceof EachPath each ? each.steps() : List.of((Step) part);
  }

  /**
   * Returns the output of {@code --explain}: a line for each step, in strace's notation, with the
   * number of its part. Neighbours that differ only in their first argument, a signal or a
   * descriptor, are one line.
   */
  @Override
  public String toString() {
    List<Step> steps = steps();
    List<Integer> numbers = numbers();
    StringBuilder text = new StringBuilder();
    for (int from = 0, to; from < steps.size(); from = to) {
      String shape = shape(steps.get(from));
      to = from + 1;
      while (to < steps.size() && shape.contains("(#") && shape(steps.get(to)).equals(shape)) {
        to++;
      }
      text.append(
          to == from + 1
              ? String.format("%3d  %s\n", numbers.get(from), steps.get(from))
              : String.format(
                  "%3d-%d  %s\n",
                  numbers.get(from),
                  numbers.get(to - 1),
                  shape.replaceFirst("#", firsts(steps.subList(from, to)))));
    }
    return text.toString();
  }

  /** Returns the number of its part for each step. Parts count from 1, as results name them. */
  private List<Integer> numbers() {
    List<Integer> numbers = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      int steps = parts.get(i) instanceof EachPath each ? each.paths().size() : 1;
      numbers.addAll(Collections.nCopies(steps, i + 1));
    }
    return numbers;
  }

  /** Returns a step's text with # in place of a number that is its first argument. */
  private static String shape(Step step) {
    return FIRST_NUMBER.matcher(step.toString()).replaceFirst("$1#");
  }

  /** Returns the first arguments of some steps: {@code 1-8|10-18|20}. */
  private static String firsts(List<Step> steps) {
    StringJoiner ranges = new StringJoiner("|");
    for (int start = 0, end; start < steps.size(); start = end) {
      end = start + 1;
      while (end < steps.size() && first(steps.get(end)) == first(steps.get(end - 1)) + 1) {
        end++;
      }
      ranges.add(
          first(steps.get(start)) + (end == start + 1 ? "" : "-" + first(steps.get(end - 1))));
    }
    return ranges.toString();
  }

  private static long first(Step step) {
    return ((Number) step.arguments().get(0)).value();
  }
}
