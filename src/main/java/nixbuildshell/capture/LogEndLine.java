package nixbuildshell.capture;

import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import nixbuildshell.Failure;
import nixbuildshell.console.Messages;
import nixbuildshell.nix.Background;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.Evidence;
import nixbuildshell.store.StorePath;

/**
 * Says by the build log how a build ended, where no manifest says more. The log may be long, so it
 * is read beside what the tool does until it says so.
 */
public final class LogEndLine implements AutoCloseable {
  private final Background<Optional<String>> sentence;

  /** Searches for the derivation, and begins to read its log. */
  public LogEndLine(Evidence kept, FailedBuild build, DerivationFinder finder) {
    Optional<StorePath> derivation =
        BuildReport.saysWhatFailed(build)
            ? Optional.empty()
            : build.derivation().map(Fact::value).or(() -> derivation(kept, build, finder));
    String name = build.name().value();
    this.sentence =
        new Background<>(
            "build log",
            () ->
                derivation.flatMap(drv -> finder.end(kept, drv)).flatMap(it -> it.sentence(name)));
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

  /** Prints the line, if the log tells how the build ended. */
  public void print(Messages messages) {
    sentence.await().ifPresent(messages::note);
  }

  @Override
  public void close() {
    sentence.close();
  }
}
