package nixbuildshell.plan;

import java.util.Optional;
import nixbuildshell.abi.Errno;

/** Tells how far the child of a launch came, from the results in the {@link Image}. */
public sealed interface Outcome {

  /** Tells that the program ran: all steps but the last returned well, and that did not return. */
  record Ran() implements Outcome {}

  /**
   * Tells that the kernel refused a step.
   *
   * @param index the number of the step's part in the plan, from 0
   */
  record Failed(int index, Step step, int errno) implements Outcome {
    @Override
    public String why() {
      return step.brief() + ": " + Errno.describe(errno);
    }
  }

  /** Tells that a step returned another result than the expected one. */
  record Unexpected(int index, Step step, long result) implements Outcome {
    @Override
    public String why() {
      return step.brief() + ": returned " + result;
    }
  }

  /** Tells that the child was killed before this step returned. */
  record Stopped(int index, Step step) implements Outcome {
    @Override
    public String why() {
      return step.brief() + ": the process was killed before this returned";
    }
  }

  /** Returns the step that went wrong; empty when the program ran. */
  default Optional<Step> broken() {
    if (this instanceof Failed failed) {
      return Optional.of(failed.step());
    } else if (this instanceof Unexpected unexpected) {
      return Optional.of(unexpected.step());
    }
    return this instanceof Stopped stopped ? Optional.of(stopped.step()) : Optional.empty();
  }

  /** Returns the system call and its result, for a message after "cannot LABEL". */
  default String why() {
    return "";
  }
}
