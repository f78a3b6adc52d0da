package nixbuildshell.capture;

import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import nixbuildshell.Failure;
import nixbuildshell.console.Messages;
import nixbuildshell.nix.Background;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.Evidence;
import nixbuildshell.store.LogEnd;
import nixbuildshell.store.StorePath;

/**
 * Says by the build log how a build ended, where no manifest says more. The log may be long, so it
 * is read beside what the tool does until it says so.
 */
public final class LogEndLine implements AutoCloseable {
  private final String name;
  private final boolean ownBinSh;
  private final Background<Optional<LogEnd>> end;

  /**
   * Searches for the derivation, and begins to read its log.
   *
   * @param ownBinSh whether the sandbox has the build's shell at {@code /bin/sh}, which the build
   *     may have lacked
   */
  public LogEndLine(Evidence kept, FailedBuild build, DerivationFinder finder, boolean ownBinSh) {
    Optional<StorePath> derivation =
        BuildReport.saysWhatFailed(build)
            ? Optional.empty()
            : build.derivation().map(Fact::value).or(() -> derivation(kept, build, finder));
    this.name = build.name().value();
    this.ownBinSh = ownBinSh;
    this.end =
        new Background<>("build log", () -> derivation.flatMap(drv -> finder.end(kept, drv)));
  }

  private static Optional<StorePath> derivation(
      Evidence kept, FailedBuild build, DerivationFinder finder) {
    try {
      Set<StorePath> outputs =
          build.store().outputs().values().stream().map(Fact::value).collect(Collectors.toSet());
      return finder.withoutLogs().find(kept, outputs).map(DerivationFinder.Found::path);
    } catch (Failure e) {
      return Optional.empty(); // The line is a courtesy.
    }
  }

  /** Prints the line, if the log tells how the build ended, and what may differ in here. */
  public void print(Messages messages) {
    Optional<LogEnd> known = end.await();
    known.flatMap(it -> it.sentence(name)).ifPresent(messages::note);
    if (ownBinSh && known.filter(it -> it.text().missesBinSh()).isPresent()) {
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
