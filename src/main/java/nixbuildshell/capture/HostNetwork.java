package nixbuildshell.capture;

import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.capture.DerivationFinder.Found;

/**
 * Whether a build had the host's network, as fixed-output and impure ones have. What is in the kept
 * directory is no more than a reason to look for the derivation; that one alone decides, and only
 * when it is {@linkplain DerivationFinder#isConfirmed confirmed} that it left the directory.
 *
 * @param known the answer; empty when there is no derivation that counts
 * @param doubt why a build that seems to have had it does not count as such
 */
record HostNetwork(Optional<Known<Boolean>> known, Optional<String> doubt) {

  static final String NOT_FOUND = "no derivation is found";

  /** Whether the build says so: Nix sets NIX_OUTPUT_CHECKED for a fixed output. */
  static boolean isClaimed(Optional<Manifest> manifest, Optional<EnvVars> env) {
    return manifest.flatMap(Manifest::fixedOutput).orElse(false)
        || Stream.of("NIX_OUTPUT_CHECKED", "__impure")
            .flatMap(name -> env.flatMap(values -> values.get(name)).stream())
            .anyMatch(ByteString.of("1")::equals);
  }

  /**
   * @param claimed by the kept directory
   * @param found the derivation, if any was found
   * @param confirmed whether it is confirmed that it left the directory
   */
  static HostNetwork of(boolean claimed, Optional<Found> found, Predicate<Found> confirmed) {
    if (found.isEmpty()) {
      return new HostNetwork(Optional.empty(), claimed ? Optional.of(NOT_FOUND) : Optional.empty());
    }
    boolean network = found.get().derivation().hasNetwork();
    if (!network || confirmed.test(found.get())) {
      return new HostNetwork(
          Optional.of(new Known<>(network, Source.DERIVATION)), Optional.empty());
    }
    return new HostNetwork(Optional.empty(), Optional.of(doubtOf(found.get())));
  }

  /** Why an unconfirmed derivation does not count. */
  static String doubtOf(Found found) {
    return "nothing but the directory says that it is of " + found.path();
  }
}
