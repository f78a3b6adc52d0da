package nixbuildshell.enter;

import java.nio.file.Path;
import java.util.Optional;
import nixbuildshell.Failure;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.host.Advice;
import nixbuildshell.host.Restrictions;
import nixbuildshell.plan.Outcome;

/** Makes failures of what the kernel refused to a child, with the advice of this host. */
final class BrokenStep {
  private BrokenStep() {}

  /** Returns the failure of a plan; empty when the program ran. */
  static Optional<Failure> of(Outcome outcome) {
    return outcome
        .broken()
        .map(
            step ->
                new Failure(
                    "cannot " + step.label(),
                    outcome.why(),
                    outcome instanceof Outcome.Failed failed
                        ? Errno.of(failed.errno())
                            .map(errno -> advice().onStep(step.kind(), errno))
                            .orElse("")
                        : ""));
  }

  /** Returns the failure of a launch. */
  static Failure of(ErrnoException launch) {
    Syscall call = launch.syscall();
    return launch.failure(
        Errno.of(launch.number()).map(errno -> advice().onLaunch(call, errno)).orElse(""));
  }

  private static Advice advice() {
    return new Advice(new Restrictions(Path.of("/")));
  }
}
