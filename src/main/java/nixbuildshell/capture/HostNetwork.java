package nixbuildshell.capture;

import java.util.Optional;
import java.util.function.Predicate;
import nixbuildshell.ByteString;
import nixbuildshell.capture.DerivationFinder.Found;

/**
 * Whether a build was fixed-output, which gives it the host's network. What is in the kept
 * directory is no more than a reason to look for the derivation; that one alone decides, and only
 * when it is {@linkplain DerivationFinder#isConfirmed confirmed} that it left the directory.
 *
 * @param known the answer; empty when there is no derivation that counts
 * @param doubt why a build that seems to be fixed-output does not count as such
 */
record FixedOutput(Optional<Known<Boolean>> known, Optional<String> doubt) {

  /** Whether the build says so: Nix sets NIX_OUTPUT_CHECKED for each such, and for no other. */
  static boolean isClaimed(Optional<Manifest> manifest, Optional<EnvVars> env) {
    return manifest.flatMap(Manifest::fixedOutput).orElse(false)
        || env.flatMap(values -> values.get("NIX_OUTPUT_CHECKED"))
            .filter(ByteString.of("1")::equals)
            .isPresent();
  }

  /**
   * @param claimed by the kept directory
   * @param found the derivation, if any was found
   * @param confirmed whether it is confirmed that it left the directory
   */
  static FixedOutput of(boolean claimed, Optional<Found> found, Predicate<Found> confirmed) {
    if (found.isEmpty()) {
      return new FixedOutput(
          Optional.empty(), claimed ? Optional.of("no derivation is found") : Optional.empty());
    }
    boolean fixed = found.get().derivation().isFixedOutput();
    if (!fixed || confirmed.test(found.get())) {
      return new FixedOutput(Optional.of(new Known<>(fixed, Source.DERIVATION)), Optional.empty());
    }
    return new FixedOutput(
        Optional.empty(),
        Optional.of("nothing but the directory says that it is of " + found.get().path()));
  }
}
