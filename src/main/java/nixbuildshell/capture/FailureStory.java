package nixbuildshell.capture;

import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.console.Messages;
import nixbuildshell.nix.Background;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.DerivationFinder.Found;
import nixbuildshell.store.EndOrder;
import nixbuildshell.store.Evidence;
import nixbuildshell.store.LogEnd;
import nixbuildshell.store.StorePath;

/**
 * Finds what a caller who works in a shell asks first: how the build ended by its log, and what its
 * derivation was to do. The log may be long, so it is read beside what the tool does until then.
 */
public final class FailureStory implements AutoCloseable {
  private final String name;
  private final Optional<Found> found;
  private final Background<Optional<LogEnd>> end;

  private FailureStory(
      Evidence kept, String name, Optional<Found> found, EndOrder order, DerivationFinder finder) {
    this.name = name;
    this.found = found;
    this.end =
        new Background<>(
            "build log", () -> found.map(Found::path).flatMap(drv -> finder.end(kept, drv, order)));
  }

  /**
   * Searches for the derivation, and begins to read its log.
   *
   * @param order what Nix did first at the build's end, where that was seen
   */
  public static FailureStory of(
      Evidence kept, FailedBuild build, EndOrder order, DerivationFinder finder) {
    return new FailureStory(
        kept, build.name().value(), derivation(kept, build, finder), order, finder);
  }

  /** Does the same, unless the manifest says what failed: then it knows nothing. */
  public static FailureStory unlessSaid(
      Evidence kept, FailedBuild build, EndOrder order, DerivationFinder finder) {
    return BuildReport.saysWhatFailed(build)
        ? new FailureStory(kept, build.name().value(), Optional.empty(), order, finder)
        : of(kept, build, order, finder);
  }

  /** Searches for the derivation, and takes none where several fit. */
  public static Optional<Found> derivation(
      Evidence kept, FailedBuild build, DerivationFinder finder) {
    try {
      if (build.derivation().isPresent()) {
        StorePath known = build.derivation().get().value();
        return Optional.of(finder.given(ByteString.of(finder.store().directory().path(known))));
      }
      Set<StorePath> outputs =
          build.store().outputs().values().stream().map(Fact::value).collect(Collectors.toSet());
      return finder.withoutLogs().find(kept, outputs);
    } catch (Failure e) {
      return Optional.empty();
    }
  }

  /** Returns the derivation; empty when it is not found for certain. */
  public Optional<Found> derivation() {
    return found;
  }

  /** Returns how the build ended by its log; waits until that is read. */
  public Optional<LogEnd> end() {
    return end.await();
  }

  /** Prints in a line how the build ended, if its log tells. */
  public void print(Messages messages) {
    end().flatMap(it -> it.sentence(name)).ifPresent(messages::note);
  }

  /** Prints what may differ in here, where the sandbox has the build's shell at {@code /bin/sh}. */
  public void printBinSh(Messages messages) {
    if (end().filter(it -> it.text().missesBinSh()).isPresent()) {
      messages.note(
          "the build log complains about /bin/sh, which is the build's own shell in here. For what"
              + " Nix gave the build there, perhaps nothing: --bin-sh nix");
    }
  }

  @Override
  public void close() {
    end.close();
  }
}
