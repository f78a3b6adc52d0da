package nixbuildshell.plan;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Everything that the child of the clone does, in order, the last step being one that does not
 * return ({@code execve}).
 */
public record Plan(List<Step> steps) {
  public Plan {
    steps = List.copyOf(steps);
  }

  /** What {@code --explain} prints: a numbered line a step, in strace's notation. */
  @Override
  public String toString() {
    return IntStream.range(0, steps.size())
        .mapToObj(i -> String.format("%3d  %s\n", i + 1, steps.get(i)))
        .collect(Collectors.joining());
  }
}
