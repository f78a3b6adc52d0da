package nixbuildshell.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import nixbuildshell.ByteString;
import nixbuildshell.files.EntryList;
import nixbuildshell.plan.Argument.InStore;
import nixbuildshell.plan.Argument.Number;
import nixbuildshell.plan.Argument.Text;

/**
 * Describes the same step for each of some store paths. To lay out thousands of steps takes longer
 * than their system calls: so the interpreter repeats one.
 *
 * @param pattern lacks the path's name at the end of its label and of its two arguments {@link
 *     InStore}; its other arguments are numbers. It tolerates at most {@link #MOST_TOLERATED}
 *     errnos
 * @param paths at least one
 */
public record EachPath(Step pattern, EntryList paths) implements Part {
  /** The number of errnos that fit in a record with names. */
  static final int MOST_TOLERATED = 2;

  public EachPath {
    int named = 0;
    int numbers = 0;
    for (Argument argument : pattern.arguments()) {
      named += argument instanceof InStore ? 1 : 0;
      numbers += argument instanceof Number ? 1 : 0;
    }
    if (paths.size() == 0
        || named != 2
        || named + numbers < pattern.arguments().size()
        || pattern.tolerated().size() > MOST_TOLERATED) {
      throw new IllegalArgumentException(pattern.label());
    }
  }

  /** Returns all steps, which takes long where there are thousands of paths. */
  public List<Step> steps() {
    return IntStream.range(0, paths.size()).mapToObj(this::step).toList();
  }

  /** Returns the step for a path, which counts from 0. */
  Step step(int index) {
    String name = paths.name(index).latin1();
    List<Argument> arguments = new ArrayList<>();
    for (Argument argument : pattern.arguments()) {
      arguments.add(
          argument instanceof InStore in
              ? new Text(in.directory().plus(new ByteString(name)))
              : argument);
    }
    return new Step(
        pattern.kind(),
        pattern.label() + name,
        pattern.syscall(),
        arguments,
        pattern.expected(),
        pattern.tolerated(),
        pattern.leaves());
  }
}
