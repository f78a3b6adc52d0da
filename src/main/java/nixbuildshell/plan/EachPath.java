package nixbuildshell.plan;

import java.util.ArrayList;
import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.plan.Argument.InStore;
import nixbuildshell.plan.Argument.Number;
import nixbuildshell.plan.Argument.Text;
import nixbuildshell.store.StorePath;

/**
 * Describes the same step for each of some store paths. A sandbox has two steps for each of its
 * store paths, and to make thousands of steps one by one takes longer than their system calls.
 *
 * @param pattern lacks the path's name at the end of its label and of each {@link InStore}; its
 *     other arguments are numbers
 * @param paths at least one
 */
record EachPath(Step pattern, List<StorePath> paths) implements Part {
  EachPath {
    paths = List.copyOf(paths);
    boolean valid = !paths.isEmpty();
    for (Argument argument : pattern.arguments()) {
      valid &= argument instanceof InStore || argument instanceof Number;
    }
    if (!valid) {
      throw new IllegalArgumentException(pattern.label());
    }
  }

  @Override
  public int size() {
    return paths.size();
  }

  /** Returns the step for a path, which counts from 0. */
  Step step(int index) {
    String name = paths.get(index).baseName();
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
