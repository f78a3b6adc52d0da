package nixbuildshell.store;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Tells from a build log how the build ended. Measured: the log of a builder that failed ends up to
 * 224 ms before the directory's ctime. It ends up to 100 ms after the ctime when Nix killed the
 * build, and by the time of hashing earlier when Nix refused an output. With Nix 2.8 all of these
 * can be one tick of the clock, and then only the order tells, where it was seen.
 *
 * @param text what the log says
 */
public record LogEnd(Kind kind, LogText text) {
  /** Names the ways to end. */
  public enum Kind {
    /** The builder failed by itself. */
    FAILED,
    /** Nix killed the builder: a timeout, or the failure of another build. */
    STOPPED,
    /** The builder succeeded, and Nix refused its outputs. */
    REFUSED
  }

  private static final Duration NEAR = Duration.ofSeconds(1);

  /** A log that ends later is that of a rebuild, which Nix writes into the same file. */
  private static final Duration LONGEST_KILL = Duration.ofMillis(500);

  /** On a busy machine it took 528 ms. What was seen is the end of this build. */
  private static final Duration LONGEST_SEEN_KILL = Duration.ofSeconds(1);

  private static final Duration LONGEST_HASHING = Duration.ofHours(1);

  /** The phases that a refusal can follow, stdenv's last ones. */
  private static final Set<String> LAST = Set.of("fixupPhase", "installCheckPhase", "distPhase");

  /**
   * Decides by the times, and by the order where that was seen.
   *
   * @param text reads the log, when the times let it belong to the directory
   * @return empty when the log is another build's, or cannot tell
   */
  static Optional<LogEnd> of(
      Pairing.Log log, KeptTimes kept, EndOrder order, Supplier<LogText> text) {
    Instant end = log.end();
    Duration gap = Duration.between(end, kept.changed());
    Duration kill = order == EndOrder.DIRECTORY_FIRST ? LONGEST_SEEN_KILL : LONGEST_KILL;
    if (gap.compareTo(kill.negated()) < 0
        || gap.compareTo(LONGEST_HASHING) > 0
        || kept.birth().map(end::isBefore).orElse(false)) {
      return Optional.empty();
    }
    LogText last = text.get();
    boolean stopped =
        order == EndOrder.DIRECTORY_FIRST || order == EndOrder.UNKNOWN && gap.isNegative();
    if (stopped || gap.compareTo(NEAR) <= 0) {
      return Optional.of(new LogEnd(stopped ? Kind.STOPPED : Kind.FAILED, last));
    }
    return Optional.of(new LogEnd(Kind.REFUSED, last))
        .filter(refused -> last.phase().map(LAST::contains).orElse(true));
  }

  /** Returns the sentence for the caller; empty when it would say nothing. */
  public Optional<String> sentence(String name) {
    Optional<String> phase = text.phase();
    return switch (kind) {
      case FAILED -> phase.map(known -> known + " of " + name + " failed");
      case STOPPED -> Optional.of(name + " was stopped" + phase.map(p -> " in " + p).orElse(""));
      case REFUSED -> Optional.of("the outputs of " + name + " were refused");
    };
  }
}
