package nixbuildshell.capture;

import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.console.Messages;
import nixbuildshell.store.StoreDirectory;
import nixbuildshell.store.StorePath;

/** Tells the caller what is known of a failed build. */
public final class BuildReport {
  private static final int LONGEST_COMMAND = 200;

  private final FailedBuild build;
  private final StoreDirectory store;
  private final Messages messages;

  private BuildReport(FailedBuild build, StoreDirectory store, Messages messages) {
    this.build = build;
    this.store = store;
    this.messages = messages;
  }

  /**
   * Prints the notes and what failed; with {@code -v} also each fact and its source.
   *
   * @param greeted whether a greeting says what failed
   */
  public static void print(
      FailedBuild build, StoreDirectory store, boolean greeted, Messages messages) {
    BuildReport report = new BuildReport(build, store, messages);
    for (Note note : build.notes()) {
      if (note.level() == Note.Level.WARNING) {
        messages.note(note.text());
      } else {
        messages.detail(note.text());
      }
    }
    report.facts();
    if (!greeted) {
      whatFailed(build).ifPresent(messages::note);
    }
  }

  /** Decides whether {@link #print} says what failed, because the manifest does. */
  static boolean saysWhatFailed(FailedBuild build) {
    return whatFailed(build).isPresent();
  }

  private static boolean saysWhatFailed(Manifest.End end) {
    return end.exitCode().isPresent() || end.command().isPresent();
  }

  private void facts() {
    fact("name", build.name());
    build.run().shell().ifPresent(fact -> fact("shell", fact));
    build.derivation().ifPresent(fact -> fact("derivation", whole(fact)));
    build.system().ifPresent(fact -> fact("system", fact));
    build.sandbox().network().had().ifPresent(fact -> fact("network of the host", fact));
    build.store().outputs().forEach((name, fact) -> fact("output " + name, whole(fact)));
    build
        .store()
        .paths()
        .ifPresent(fact -> fact("store paths", new Fact<>(fact.value().size(), fact.source())));
    build
        .manifest()
        .flatMap(Manifest::id)
        .ifPresent(id -> fact("ID", new Fact<>(id, Fact.Source.MANIFEST)));
  }

  private Fact<String> whole(Fact<StorePath> fact) {
    return new Fact<>(store.path(fact.value()), fact.source());
  }

  private void fact(String what, Fact<?> fact) {
    messages.detail(what + ": " + fact);
  }

  /**
   * Returns what the manifest says: "buildPhase of wttr-0.1 failed with exit code 101 in: cargo
   * build".
   */
  public static Optional<String> whatFailed(FailedBuild build) {
    return build
        .manifest()
        .map(Manifest::end)
        .filter(BuildReport::saysWhatFailed)
        .map(end -> whatFailed(build.name().value(), end));
  }

  private static String whatFailed(String name, Manifest.End end) {
    String phase = end.phase().map(text -> cut(text) + " of ").orElse("");
    String code = end.exitCode().map(number -> " with exit code " + number).orElse("");
    String command = end.command().map(failed -> " in: " + cut(failed.text())).orElse("");
    return phase + name + " failed" + code + command;
  }

  private static String cut(ByteString text) {
    String latin1 = text.latin1();
    return latin1.length() <= LONGEST_COMMAND
        ? text.toString()
        : new ByteString(latin1.substring(0, LONGEST_COMMAND)) + "…";
  }
}
