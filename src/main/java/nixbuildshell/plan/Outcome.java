package nixbuildshell.plan;

import nixbuildshell.abi.Errno;

/** How far the child of a launch came, judged by the results that it left in the {@link Image}. */
public sealed interface Outcome {

  /** Every step but the last returned well and the last one did not return: the program ran. */
  record Ran() implements Outcome {}

  /**
   * The kernel refused a step.
   *
   * @param index of the step in the plan, from 0
   */
  record Failed(int index, Step step, int errno) implements Outcome {
    @Override
    public String why() {
      return step.brief() + ": " + Errno.describe(errno);
    }
  }

  /** A step returned something else than it must. */
  record Unexpected(int index, Step step, long result) implements Outcome {
    @Override
    public String why() {
      return step.brief() + ": returned " + result;
    }
  }

  /** The child died before this step returned: something killed it. */
  record Stopped(int index, Step step) implements Outcome {
    @Override
    public String why() {
      return step.brief() + ": the process was killed before this returned";
    }
  }

  /** The system call and what became of it, for a message after "cannot (the step's label)". */
  default String why() {
    return "";
  }
}
