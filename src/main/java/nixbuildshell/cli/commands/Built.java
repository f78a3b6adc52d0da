package nixbuildshell.cli.commands;

import java.util.List;
import java.util.Optional;
import nixbuildshell.capture.NewFailures.Failed;
import nixbuildshell.store.StoreDirectory;

/**
 * Holds what a run of the caller's program came to.
 *
 * @param status the program's exit status
 * @param interrupted whether the caller ended it
 * @param failures the directories that it left
 * @param notes what there is to say besides: of failures without a directory, for instance
 */
record Built(
    int status,
    boolean interrupted,
    StoreDirectory store,
    List<Failed> failures,
    List<String> notes) {
  Optional<String> derivation(Failed failed) {
    return failed.derivation().map(store::path);
  }

  /** Returns the derivation where the caller has to name it to enter the build. */
  Optional<String> toName(Failed failed) {
    return derivation(failed).filter(drv -> failed.named());
  }
}
