package nixbuildshell.capture;

import java.util.Optional;
import java.util.function.LongPredicate;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.DerivationFinder.Found;
import nixbuildshell.store.Evidence;

/**
 * Whether a derivation is known to have left a kept directory by more than what the directory says
 * itself. Only then does it get something of the host: the network, variables, paths.
 *
 * @param builders whether Nix may have left a directory of this user's
 */
record Confirmation(Evidence kept, DerivationFinder finder, LongPredicate builders) {

  boolean of(Found found) {
    return finder.isConfirmed(kept, found, builders);
  }

  /** Why there is none. */
  static String doubt(Optional<Found> found) {
    return found
        .map(unconfirmed -> "nothing but the directory says that it is of " + unconfirmed.whole())
        .orElse("no derivation is found");
  }
}
