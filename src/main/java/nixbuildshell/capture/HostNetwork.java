package nixbuildshell.capture;

import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.store.DerivationFinder.Found;

/**
 * Tells whether a build had the host's network, as fixed-output and impure builds have. What the
 * kept directory says is a reason to look for the derivation, no more: the derivation alone
 * decides, and only where the build user and the log confirm that it left the directory.
 *
 * @param had the answer; empty when no derivation counts
 * @param doubt why a build that seems to have had the network does not count as such
 */
public record HostNetwork(Optional<Fact<Boolean>> had, Optional<String> doubt) {

  /** Decides whether the kept directory says so: Nix sets NIX_OUTPUT_CHECKED for a fixed output. */
  static boolean isClaimed(Optional<Manifest> manifest, Optional<EnvVars> env) {
    return manifest.flatMap(written -> written.sandbox().fixedOutput()).orElse(false)
        || Stream.of("NIX_OUTPUT_CHECKED", "__impure")
            .flatMap(name -> env.flatMap(values -> values.get(name)).stream())
            .anyMatch(ByteString.of("1")::equals);
  }

  /**
   * Decides by the derivation.
   *
   * @param claimed whether the kept directory says that the build had the network
   * @param isConfirmed whether more than the directory says that the derivation left it
   */
  static HostNetwork of(boolean claimed, Optional<Found> found, Predicate<Found> isConfirmed) {
    Optional<Boolean> network = found.map(known -> known.derivation().hasNetwork());
    if (network.isPresent() && (!network.get() || isConfirmed.test(found.get()))) {
      return new HostNetwork(
          Optional.of(new Fact<>(network.get(), Fact.Source.DERIVATION)), Optional.empty());
    }
    String doubt =
        found
            .map(other -> "nothing but the directory says that " + other.whole() + " left it")
            .orElse("no derivation is found");
    return new HostNetwork(
        Optional.empty(), network.orElse(claimed) ? Optional.of(doubt) : Optional.empty());
  }
}
