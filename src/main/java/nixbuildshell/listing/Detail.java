package nixbuildshell.listing;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.KeptDirectories;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.capture.Manifest;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.EndOrder;
import nixbuildshell.store.LogEnd;
import nixbuildshell.store.LogText;
import nixbuildshell.store.StorePath;

/**
 * Holds what is told of one kept directory.
 *
 * @param found its derivation, and how that was told; empty when it is not known
 * @param unknown why not
 * @param log empty when no log is known to be its build's
 * @param sessions the caller's copies of it
 */
record Detail(
    KeptRow row,
    Optional<DerivationFinder.Found> found,
    String unknown,
    Phases phases,
    List<ByteString> log,
    List<SessionRow> sessions) {

  /**
   * Describes a kept directory.
   *
   * @param path of the directory that Nix named
   */
  static Detail of(Survey survey, ByteString path, KeptDirectory kept) {
    DerivationFinder finder = survey.finder();
    KeptDirectories all = new KeptDirectories(survey.caller(), survey.files(), finder.store());
    KeptRow row = survey.rows(List.of(all.listed(path, kept))).get(0);
    Optional<DerivationFinder.Found> found = Optional.empty();
    String unknown = "no trace of it is in the store or in the build logs";
    try {
      found = finder.find(kept, Set.copyOf(outputs(row).values()));
    } catch (Failure e) {
      unknown = e.getMessage();
    }
    LogText text =
        found
            .flatMap(it -> finder.end(kept, it.path(), EndOrder.UNKNOWN))
            .map(LogEnd::text)
            .orElse(LogText.NONE);
    Optional<String> failed =
        row.directory()
            .manifest()
            .flatMap(known -> known.end().phase())
            .filter(phase -> !phase.isEmpty())
            .map(ByteString::toString);
    return new Detail(
        row,
        found,
        found.isPresent() ? "" : unknown,
        Phases.of(found.map(DerivationFinder.Found::derivation), text.phases(), failed),
        text.end(),
        survey.sessionRows().stream()
            .filter(session -> session.origin().filter(row::isOf).isPresent())
            .collect(Collectors.toList()));
  }

  private static Map<String, StorePath> outputs(KeptRow row) {
    return row.directory()
        .manifest()
        .map(Manifest::store)
        .map(Manifest.Store::outputs)
        .orElse(Map.of());
  }

  /** Returns the name of the derivation: the found one's, else as the row has it. */
  Optional<String> name() {
    return row.name().or(() -> found.map(DerivationFinder.Found::name));
  }

  /** Returns the command that failed, as the manifest has it. */
  Optional<ByteString> command() {
    return row.directory()
        .manifest()
        .flatMap(known -> known.end().command())
        .map(Manifest.Command::text);
  }
}
