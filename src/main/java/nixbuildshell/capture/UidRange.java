package nixbuildshell.capture;

import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.store.Derivation;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.DerivationFinder.Found;
import nixbuildshell.store.Evidence;

/**
 * Recognises a build with Nix's system feature {@code uid-range} (2.12 and later, with {@code
 * auto-allocate-uids}): it is root of 65536 users in a cgroup of its own, with /sys.
 */
final class UidRange {
  private static final ByteString FEATURE = ByteString.of("uid-range");
  private static final String FEATURES = "requiredSystemFeatures";

  private UidRange() {}

  /**
   * Decides whether a build was root of a range of users. Only the derivation can say so. Where
   * {@code env-vars} alone says so, the build is refused, because a sandbox of one user would
   * differ.
   *
   * @throws Failure when only {@code env-vars} says so
   */
  static boolean of(Evidence kept, Optional<EnvVars> env, Optional<Found> found) {
    if (found.map(Found::derivation).filter(UidRange::isRequiredBy).isPresent()) {
      return true;
    }
    if (isClaimed(env)) {
      throw new Failure(
          "cannot enter " + kept.path(),
          "env-vars says that the build was root of 65536 users (requiredSystemFeatures has"
              + " uid-range), and no derivation is found that says the same",
          DerivationFinder.REMEDY);
    }
    return false;
  }

  /** Decides whether {@code env-vars} says so. */
  static boolean isClaimed(Optional<EnvVars> env) {
    return env.flatMap(values -> values.get(FEATURES))
        .filter(features -> features.words().contains(FEATURE))
        .isPresent();
  }

  private static boolean isRequiredBy(Derivation derivation) {
    return derivation.strings(FEATURES).contains(FEATURE);
  }
}
