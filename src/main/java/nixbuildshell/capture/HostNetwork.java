package nixbuildshell.capture;

import java.util.Optional;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.store.DerivationFinder.Found;

/**
 * Whether a build had the host's network, as fixed-output and impure ones have. What is in the kept
 * directory is no more than a reason to look for the derivation; that one alone decides, and only
 * with a {@link Confirmation} that it left the directory.
 *
 * @param known the answer; empty when there is no derivation that counts
 * @param doubt why a build that seems to have had it does not count as such
 */
record HostNetwork(Optional<Known<Boolean>> known, Optional<String> doubt) {

  /** Whether the build says so: Nix sets NIX_OUTPUT_CHECKED for a fixed output. */
  static boolean isClaimed(Optional<Manifest> manifest, Optional<EnvVars> env) {
    return manifest.flatMap(written -> written.sandbox().fixedOutput()).orElse(false)
        || Stream.of("NIX_OUTPUT_CHECKED", "__impure")
            .flatMap(name -> env.flatMap(values -> values.get(name)).stream())
            .anyMatch(ByteString.of("1")::equals);
  }

  /**
   * @param claimed by the kept directory
   * @param found the derivation, if any was found
   */
  static HostNetwork of(boolean claimed, Optional<Found> found, Confirmation confirmation) {
    Optional<Boolean> network = found.map(known -> known.derivation().hasNetwork());
    if (network.isPresent() && (!network.get() || confirmation.of(found.get()))) {
      return new HostNetwork(
          Optional.of(new Known<>(network.get(), Source.DERIVATION)), Optional.empty());
    }
    boolean seems = network.orElse(claimed);
    return new HostNetwork(
        Optional.empty(), seems ? Optional.of(Confirmation.doubt(found)) : Optional.empty());
  }
}
