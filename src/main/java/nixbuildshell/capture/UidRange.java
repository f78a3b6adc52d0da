package nixbuildshell.capture;

import java.util.Optional;
import java.util.function.Predicate;
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
   * Decides whether a build was root of a range of users. Only the derivation can say so, where the
   * build user and the log confirm that it left the directory. Otherwise the build is refused,
   * because a sandbox of one user would differ.
   *
   * @param isConfirmed whether more than the directory says that the derivation left it
   * @throws Failure when nothing but the directory says so
   */
  static boolean of(
      Evidence kept, Optional<EnvVars> env, Optional<Found> found, Predicate<Found> isConfirmed) {
    Optional<Found> requiring = found.filter(known -> isRequiredBy(known.derivation()));
    if (requiring.filter(isConfirmed).isPresent()) {
      return true;
    } else if (requiring.isPresent()) {
      throw refused(
          kept,
          "a build of "
              + requiring.get().whole()
              + " is root of 65536 users (requiredSystemFeatures has uid-range), and nothing but"
              + " the directory says that it left it");
    } else if (isClaimed(env)) {
      throw refused(
          kept,
          "env-vars says that the build was root of 65536 users (requiredSystemFeatures has"
              + " uid-range), and no derivation is found that says the same");
    }
    return false;
  }

  private static Failure refused(Evidence kept, String why) {
    return new Failure("cannot enter " + kept.path(), why, DerivationFinder.REMEDY);
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
